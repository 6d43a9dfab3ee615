"""Notations: names and secrets in every notation, encoding and place that one can think of come out of no recording."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from umapi_harness.cli import main

WORD = "Quackenbush"
ORG = "7F4E21A95B2C3D4E0A494133@AdobeOrg"
SECRET = "pl4nted-Xk9-s3cret"
JSON = {"users": [{"lastname": WORD, "email": f"z.{WORD}@quagmire.example"}]}
ROOT = "https://usermanagement.adobe.io/v2/usermanagement"


def _nested(levels: int) -> Any:
    value: Any = {"lastname": WORD}
    for _ in range(levels):
        value = {"raw": json.dumps(value)}
    return value


def _b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def _multipart(*parts: str) -> str:
    return "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--b--\r\n"


# Where a name stands that nothing else in the recording tells.
NAMES: dict[str, str] = {
    "cut-off JSON": '{"users": [{"firstname": "Zeb", "lastname": "Quackenbush',
    "cut-off JSON, before a value": '{"users": [{"lastname": "Quackenbush", "email":',
    "cut-off JSON in a string": json.dumps({"raw": '{"users":[{"lastname":"Quackenb' + "ush"}),
    "JSON with a trailing comma": '{"lastname": "Quackenbush",}',
    "JSON with comments": '// hello\n{"a": 1, /* x */ "lastname": "Quackenbush"}',
    "JSON without commas": '{"a": 1 "lastname": "Quackenbush"}',
    "JSON behind a guard": ')]}\',\n{"lastname": "Quackenbush"}',
    "JSON behind a loop": 'while(1);[{"lastname": "Quackenbush"}]',
    "JSON in prose": 'the body was {"lastname": "Quackenbush"} and nothing else',
    "JSON in lines": '{"a": 1}\n{"lastname": "Quackenbush"}\n',
    "JSON as sequence": '\x1e{"lastname": "Quackenbush"}\n'.replace("\x1e", ""),
    "JSON in an event stream": 'event: x\ndata: {"lastname": "Quackenbush"}\n\n',
    "JSON in JSON": json.dumps(_nested(1)),
    "JSON in JSON in JSON": json.dumps(_nested(2)),
    "JSON five deep": json.dumps(_nested(5)),
    "JSON eight deep": json.dumps(_nested(8)),
    "JSON under message": json.dumps({"message": json.dumps({"lastname": WORD})}),
    "JSON under status": json.dumps({"status": json.dumps({"lastname": WORD})}),
    "JSON with escapes": '{"lastname": "\\u0051uackenbush"}',
    "JSON of a pair": json.dumps({"name": "lastname", "value": WORD}),
    "JSON of a pair in prose": 'got {"name": "lastname", "value": "Quackenbush"}!',
    "JSON with a key": json.dumps({"users": {"Quackenbush": {"country": "US"}}}),
    "JSON5": "{lastname: 'Quackenbush', country: 'US'}",
    "JSONP": 'callback({"users": [{"lastname": "Quackenbush"}]});',
    "JSONP with a list": 'cb(["x", {"groups": ["Quackenbush"]}])',
    "JavaScript": "var user = {lastname: 'Quackenbush'};",
    "JavaScript, assigned": "user.lastname = 'Quackenbush';",
    "JavaScript, backticks": "const o = {lastname: `Quackenbush`}",
    "Python": "{'lastname': 'Quackenbush', 'n': None}",
    "Python, double quotes inside": "{'lastname': \"O'Quackenbush\"}",
    "Python, u": "{u'lastname': u'Quackenbush'}",
    "Python, a list": "{'groups': ['Alpha', 'Quackenbush']}",
    "Python, pairs": "[('lastname', 'Quackenbush')]",
    "Python, a call": "User(lastname='Quackenbush', country='US')",
    "Python in JSON": json.dumps({"error": "bad value {'lastname': 'Quackenbush'}"}),
    "Ruby": "{:lastname => 'Quackenbush'}",
    "Ruby, strings": '{"lastname" => "Quackenbush"}',
    "PHP": "array('lastname' => 'Quackenbush')",
    "Go": '{LastName:"Quackenbush" Country:"US"}',
    "Java": "User{lastname=Quackenbush, country=US}",
    "YAML": "user:\n  lastname: Quackenbush\n  country: US\n",
    "YAML, quoted": 'lastname: "Quackenbush"\n',
    "INI": "[user]\nlastname = Quackenbush\n",
    "a header line": "X-User-Name: Quackenbush\r\nAccept: */*\r\n\r\n",
    "LDIF": "dn: uid=zq\ncn: Zeb Quackenbush\nsn: Quackenbush\n",
    "a distinguished name": "cn=Quackenbush,ou=people,dc=example",
    "a log": 'time=1 level=info user=Quackenbush msg="x"',
    "a form": f"a=b&lastname={WORD}",
    "a form, encoded twice": "a=" + quote(quote(f"lastname={WORD}&x=1")),
    "a form with JSON": "data=" + quote_plus(json.dumps(JSON)),
    "XML": "<user><lastname>Quackenbush</lastname></user>",
    "XML, displayName": "<displayName>Zeb Quackenbush</displayName>",
    "XML, name space": '<a:user xmlns:a="urn:x"><a:lastName>Quackenbush</a:lastName></a:user>',
    "XML, attribute": '<user lastname="Quackenbush" country="US"/>',
    "XML, single quotes": "<user lastname='Quackenbush'/>",
    "XML, CDATA": "<lastname><![CDATA[Quackenbush]]></lastname>",
    "XML, entities": "<lastname>&#81;uackenbush</lastname>",
    "XML, a pair": '<field name="lastname">Quackenbush</field>',
    "XML, a pair of elements": "<name>lastname</name><value>Quackenbush</value>",
    "XML, a pair of attributes": '<attr key="lastname" value="Quackenbush"/>',
    "XML, cut off": '<users><user lastname="Quackenbush',
    "XML in JSON": json.dumps({"xml": "<lastname>Quackenbush</lastname>"}),
    "XML, escaped": "<r>&lt;lastname&gt;Quackenbush&lt;/lastname&gt;</r>",
    "SAML": '<Attribute Name="lastname"><AttributeValue>Quackenbush</AttributeValue></Attribute>',
    "property list": "<dict><key>lastname</key><string>Quackenbush</string></dict>",
    "HTML, input": '<input type="text" name="lastname" value="Quackenbush">',
    "HTML, table": "<table><tr><th>Id</th><th>Last name</th></tr><tr><td>1</td><td>Quackenbush</td></tr></table>",
    "HTML, list": "<dl><dt>Last name</dt><dd>Quackenbush</dd></dl>",
    "HTML, data": '<div data-user="Quackenbush"></div>',
    "HTML, greeting": "<p>Hello Quackenbush, welcome</p>",
    "CSV": "firstname,lastname,country\nZeb,Quackenbush,US\n",
    "CSV, quoted": '"First Name";"Last Name"\n"Zeb";"Quackenbush"\n',
    "CSV, tabs": "email\tlastname\nx\tQuackenbush\n",
    "CSV in JSON": json.dumps({"report": "email,lastname\r\nx,Quackenbush\r\n"}),
    "CSV, commas inside": 'note,lastname\n"a, b","Quackenbush, jr"\n',
    "CSV, a line break in the header": '"First\\nname";"Last\\nname";x\nZeb;Quackenbush;1\n'.replace("\\n", "\n"),
    "CSV, a line break in a cell": 'note,lastname\n"a\nb",Quackenbush\n',
    "CSV without header": "".join(f"{n},a{n}@x.example,{WORD},US\n" for n in range(3)),
    "CSV without header, quoted": "".join(f'"Zeb {WORD}";"a{n}@x.example"\r\n' for n in range(4)),
    "vCard": "BEGIN:VCARD\r\nVERSION:4.0\r\nN:Quackenbush;Zeb;;;\r\nEND:VCARD\r\n",
    "vCard, formatted": "BEGIN:VCARD\nFN;CHARSET=UTF-8:Zeb Quackenbush\nEND:VCARD\n",
    "SCIM name": json.dumps({"name": {"formatted": f"Zeb {WORD}"}}),
    "SCIM filter": 'filter=name.familyName eq "Quackenbush"',
    "SCIM filter, encoded": "filter=" + quote('name.familyName sw "Quackenbush" and active eq true'),
    "SCIM filter alone": 'name.familyName eq "Quackenbush"',
    "OData filter": "$filter=surname%20eq%20'Quackenbush'",
    "OData function": "$filter=startswith(tolower(givenName),'quackenbush')",
    "JSON Patch": json.dumps([{"op": "replace", "path": "/lastname", "value": WORD}]),
    "JSON Patch of a list": json.dumps([{"op": "add", "path": "/users/-", "value": WORD}]),
    "SCIM patch": json.dumps({"Operations": [{"op": "replace", "path": "name.familyName", "value": WORD}]}),
    "SQL, insert": "INSERT INTO users (id, `lastname`, c) VALUES (1, 'O''Quackenbush', 'x'),\n (2, NULL, 'y');",
    "SQL, second row": "insert into users(lastname,c) values (NULL, 'x'), ('Quackenbush', 'y')",
    "SQL, one column": "insert into people (lastname) values ('Quackenbush')",
    "SQL, ilike": "select 1 where surname ilike 'Quackenbush'",
    "OData filter alone, encoded": "surname%20eq%20'Quackenbush'",
    "OData filter alone, of a form": "surname+eq+'Quackenbush'",
    "SQL, like": "select * from users where lastname like 'Quackenbush%'",
    "PHP, serialized": 'a:2:{s:2:"id";i:1;s:8:"lastname";s:11:"Quackenbush";}',
    "quoted local part": 'sent to "Zeb Quackenbush"@quagmire.example today',
    "home": "cannot read /home/quackenbush/.netrc",
    "home on a Mac": json.dumps({"trace": "/Users/Zeb Quackenbush/x.py"}),
    "home on Windows": json.dumps({"trace": "C:\\Users\\Quackenbush\\x.py"}),
    **{name: json.dumps({name: WORD}) for name in ("prenom", "pr\u00e9nom", "nombre", "apellido", "apellidos")},
    **{name: json.dumps({name: WORD}) for name in ("cognome", "vorname", "nachname", "FN", "assignee", "approver")},
    **{name: json.dumps({name: WORD}) for name in ("teacher", "student", "initials", "hostname", "name.formatted")},
    **{name: json.dumps({name: WORD}) for name in ("team", "machine", "computer", "device", "client", "to", "title")},
    **{name: json.dumps({name: WORD}) for name in ("memberOf", "who", "division", "directReports", "locality", "nick")},
    **{name: json.dumps({name: WORD}) for name in ("Benutzer", "Abteilung", "utilisateur", "correo", "gebruiker")},
    **{name: json.dumps({name: WORD}) for name in ("urn:oid:2.5.4.4", "jobTitle", "officeLocation", "proxyAddresses")},
    "machine with a blank": json.dumps({"device": "Quackenbush MacBook"}),
    "value of a member": json.dumps({"manager": {"value": WORD, "$ref": "../Users/2"}}),
    "values of members": json.dumps({"emails": [{"value": WORD, "type": "work"}]}),
    "columns by number": json.dumps({"lastname": {"0": WORD}}),
    "columns and rows": json.dumps({"columns": ["id", "lastname"], "rows": [[1, WORD]]}),
    "columns as objects": json.dumps({"cols": [{"name": "id"}, {"name": "lastname"}], "data": [[1, WORD]]}),
    "columns in the first row": json.dumps({"values": [["id", "email", "lastname"], [1, "x", WORD]]}),
    "CSV, a header in quotes": '"Id","Last Name"\n"1","Quackenbush"\n',
    "CSV, line breaks in quotes": '"Last\nName",Email\n"Quackenbush",x\n',
    "CSV without header, one line": "1,Quackenbush,z@quagmire.example\n",
    "CSV without header, semicolons": "Zeb;Quackenbush;z@quagmire.example",
    "address, (at)": "write to quackenbush(at)quagmire.example",
    "address, [at] and [dot]": "write to zeb.quackenbush [at] quagmire [dot] example, please",
    "address, at and dot": "write to quackenbush at quagmire dot example",
    "address, blanks": "write to quackenbush @ quagmire.example",
    "address, full width": "write to quackenbush\uff20quagmire.example",
    "address with a letter that nobody sees": "write to quacken\u200bbush@quagmire.example",
    "title of a page": "<title>User Quackenbush - Admin</title>",
    "title of a page, the name alone": "<title>Zeb Quackenbush | Admin Console</title>",
    "removed from": json.dumps({"message": "Quackenbush was removed from the group"}),
    "added to": json.dumps({"message": "Added Quackenbush to group"}),
    "added in quotes": "INFO Removed 'Zeb Quackenbush' from 2 groups",
    "contact": "Contact Quackenbush for help",
    "joined": "Done. Zeb Quackenbush has joined the team",
    "duplicate": "Duplicate entry Quackenbush for key",
    "key of a database": "Key (lastname)=(Quackenbush) already exists.",
    "keys of a database": "Key (id, lastname)=(7, Quackenbush) already exists.",
    "German": "Benutzer Quackenbush nicht gefunden",
    "German, a group": "Die Gruppe quackenbush existiert nicht",
    "French": "Utilisateur Quackenbush introuvable",
    "home, users": "cannot read /users/Quackenbush/home",
    "home, exported": "cannot read /export/home/quackenbush",
    "home, mounted": "cannot read /mnt/c/Users/quackenbush",
    "home, mail": "cannot read /var/spool/mail/quackenbush",
    "home on a server": json.dumps({"trace": "\\\\files01\\homes$\\quackenbush\\x.py"}),
    "home, older Windows": "C:\\Documents and Settings\\Quackenbush\\x.py",
    "log of a web server": '10.1.1.1 - quackenbush [10/Oct/2026:13:55:36 +0200] "GET / HTTP/1.1" 200 1',
    "log of logins": "sshd[7]: Accepted publickey for quackenbush from 10.1.1.1 port 7",
    **{name: json.dumps({name: WORD}) for name in ("cost_centre", "extensionAttribute1", "userWorkstations")},
    "SCIM, ims": json.dumps({"ims": [{"value": WORD, "type": "aim"}]}),
    "SCIM, an error": json.dumps({"detail": "Resource Quackenbush not found"}),
    "photo of somebody": json.dumps({"photos": [{"value": "https://x.example/quackenbush.jpg"}]}),
    "Okta, a message": json.dumps({"displayMessage": "Add user to group membership Quackenbush"}),
    "Okta, a path": json.dumps({"requestUri": "/api/v1/users/quackenbush/lifecycle/activate"}),
    "a path of others": json.dumps({"see": "https://x.example/api/users/quackenbush/edit"}),
    "Azure, a property": json.dumps([{"displayName": "Surname", "oldValue": '["Quackenbush"]', "newValue": "[]"}]),
    "DynamoDB": json.dumps({"Item": {"lastname": {"S": WORD}}}),
    "Firestore": json.dumps({"fields": {"lastname": {"stringValue": WORD}}}),
    "ServiceNow": json.dumps({"caller_id": {"display_value": WORD, "link": "x"}}),
    "LDIF, a folded line": "dn: uid=1\ndisplayName: Zeb\n  Quackenbush\nmail: q\n",
    "distinguished name, a comma": json.dumps({"x": "CN=Zeb\\, Quackenbush,OU=Users,DC=c"}),
    "SAML, a second value": '<Attribute Name="groups"><AttributeValue>A</AttributeValue><AttributeValue>Quackenbush'
    "</AttributeValue></Attribute>",
    "SAML, friendly name": '<Attribute Name="urn:x" FriendlyName="sn"><AttributeValue>Quackenbush</AttributeValue>',
    "Excel's XML": "<Row><Cell><Data>Last Name</Data></Cell></Row><Row><Cell><Data>Quackenbush</Data></Cell></Row>",
    "HTML, bold": "<li><b>Last name:</b> Quackenbush</li>",
    "HTML, a picture": '<img alt="Photo of Zeb Quackenbush" src="x">',
    "Markdown table": "| # | Last Name |\n|--:|:--|\n| 1 | Quackenbush |\n",
    "table of fixed width": "UID   LASTNAME     STATUS\n----- ------------ ------\n1     Quackenbush  active\n",
    "MySQL": "+----+-----------+\n| id | last_name |\n+----+-----------+\n|  1 | Quackenbush |\n+----+-----------+\n",
    "PostgreSQL": " id |  lastname   \n----+-------------\n  1 | Quackenbush\n(1 row)\n",
    "PostgreSQL, expanded": "-[ RECORD 1 ]---\nid       | 1\nlastname | Quackenbush\n",
    "Windows, a user": "Full Name                    Zeb Quackenbush\nComment\n",
    "PowerShell": 'New-ADUser -Name "X" -Surname "Quackenbush" -Enabled $true',
    "options": "umapi user add --lastname Quackenbush --country US",
    "YAML, a list": "members:\n  - Alpha\n  - Quackenbush\n",
    "TOML, a list": 'members = ["x", "Quackenbush"]\n',
    "key of user-sync": "Creating user with user key: federatedID,quackenbush,quagmire.example",
    "groups of user-sync": "added: {'Quackenbush Team'} removed: set()",
    "log of sudo": "sudo: quackenbush : TTY=pts/0 ; PWD=/ ; USER=root",
    "CEF": "CEF:0|V|P|1|100|login|3|suser=Quackenbush src=10.0.0.1",
    "signature": "Kind regards,\nZeb Quackenbush\n",
    "possessive": json.dumps({"message": "Quackenbush's account is locked"}),
    "enumerated": json.dumps({"message": "Users not found: Alpha, Quackenbush and 3 more"}),
    "in brackets": json.dumps({"message": "Could not add [Alpha, Quackenbush] to group"}),
    "known, as a member": json.dumps({"surname": WORD, "counts": {"quackenbush": 3}}),
    "table of text": "| email | lastname |\n|---|---|\n| x | Quackenbush |\n",
    "multipart": _multipart(f'name="lastname"\r\n\r\n{WORD}'),
    "multipart, file name": _multipart(f'name="f"; filename="{WORD}.csv"\r\n\r\nx'),
    "multipart, JSON": _multipart(f'name="f"\r\nContent-Type: application/json\r\n\r\n{json.dumps(JSON)}'),
    "multipart, CSV": _multipart(f'name="f"; filename="a.csv"\r\n\r\nemail,lastname\r\nx,{WORD}'),
    "base64": json.dumps({"data": _b64(json.dumps(JSON))}),
    "base64 of XML": json.dumps({"SAMLResponse2": _b64("<r><lastname>Quackenbush</lastname></r>")}),
    "base64 of gzip": json.dumps({"data": _b64(gzip.compress(json.dumps(JSON).encode()))}),
    "hexadecimal": json.dumps({"data": binascii.hexlify(json.dumps(JSON).encode()).decode()}),
    "account": "the login ACME\\Quackenbush failed",
    "account in JSON": json.dumps({"note": "acme\\Quackenbush"}),
    "quoted group": "Group 'Quackenbush' does not exist",
    "quoted user": 'The user "Quackenbush" was removed',
    "curly quotes": "No member named \u201cQuackenbush\u201d here",
    "quoted subject": "'Quackenbush' is not a member of the group",
    "unquoted group": "Group Quackenbush Team was not found",
    "unquoted user, small": "user quackenbush does not exist",
    "sentence in JSON": json.dumps({"message": "User Quackenbush has been deleted"}),
    "sentence in an error": json.dumps({"errors": [{"detail": "Profile 'Quackenbush' already exists"}]}),
    "full name": json.dumps({"displayName": "Hortensia Quackenbush", "note": "ask Quackenbush, please"}),
    "from an address": json.dumps({"email": "z.quackenbush@x.example", "note": "ask Quackenbush"}),
    **{name: json.dumps({name: [WORD]}) for name in ("approvers", "assignees", "watchers", "reviewers", "suppliers")},
    **{name: json.dumps({name: WORD}) for name in ("watch_list", "user_list", "workerDescriptor", "Descriptor")},
    **{name: json.dumps({name: WORD}) for name in ("Mitarbeiter", "Ansprechpartnerin", "given", "family")},
    "label of a member": json.dumps({"requestedFor": {"label": WORD, "value": "44"}}),
    "label of who asks": json.dumps({"requester": {"label": WORD}}),
    "XML, part of a legal name": "<Legal_First><![CDATA[Quackenbush]]></Legal_First>",
    "XML, a descriptor": '<wd:Worker wd:Descriptor="Zeb Quackenbush"/>',
    "XML, parts of a name": '<person given="Quackenbush" family="Quackenbush"/>',
    "skipped, a reason": json.dumps({"text": "Skipping user Zeb Quackenbush (no entitlement)"}),
    "bound": "bind as svc-quackenbush failed",
    "bound, a name": "bind as Zeb Quackenbush failed",
    "authenticated": json.dumps({"text": "Authenticated as Zeb Quackenbush"}),
    "impersonated": "Impersonating Zeb Quackenbush",
    "login for": 'Basic realm="Login for Zeb Quackenbush"',
    "locked": "User zquackenbush is locked",
    "locked, in XML": "<faultstring>User zquackenbush is locked</faultstring>",
    "assignment": json.dumps({"text": "Licence assignment for Zeb Quackenbush failed"}),
    "licence": "New licence for *Zeb Quackenbush* (requested by you)",
    "offboarding": "Offboarding Zeb Quackenbush",
    "onboarding": "Onboarding of Zeb Quackenbush done",
    "seat": "Seat of Zeb Quackenbush reclaimed",
    "entitled": json.dumps({"text": "Zeb Quackenbush is not entitled"}),
    "markup of chats": json.dumps({"text": "by *Zeb Quackenbush*"}),
    "HTML, signed in": "<p>Signed in as <b>Zeb Quackenbush</b></p>",
    "distinguished name behind auth": "<!-- auth: cn=Zeb Quackenbush-Pell,ou=staff -->",
    "user of curl": "curl -u quackenbush:s3cret-Xk9-pl https://x.example",
    "XML, plain elements": "<Owner><Text>Quackenbush</Text></Owner>",
    "HTML, German": "<table><tr><th>Mitarbeiter</th></tr><tr><td>Quackenbush</td></tr></table>",
}  # fmt: skip

# The same with what is no letter, of which the digits or the whole must go.
OTHERS: dict[str, tuple[str, str]] = {
    "telephone": ("call +49 171 5550199 now", "5550199"),
    "telephone, American": ("call (555) 555-0199 now", "555-0199"),
    "telephone field": (json.dumps({"phoneNumber": "0171 5550199"}), "5550199"),
    "telephone number": (json.dumps({"mobilePhone": 1715550199}), "1715550199"),
    "organisation": ("no access to 9A1BC2D3E4F5061728394A5B here", "9A1BC2D3E4F5061728394A5B"),
    "organisation in JSON": (json.dumps({"scope": "9A1BC2D3E4F5061728394A5B"}), "9A1BC2D3E4F5061728394A5B"),
    "key of Sentry": ("https://x.example/api/9/envelope/?sentry_key=d41d8cd98f00b204e9800998", "d41d8cd98f00"),
    "reset of a password": ("https://x.example/reset-password/eZ8kq0Vb2LtYw9Rs4Xc7", "eZ8kq0Vb2LtYw9Rs4Xc7"),
    "address of a hook": (json.dumps({"webhook_url": "https://x.example/webhookb2/m83Z8tQ3vX6pK"}), "m83Z8tQ3vX6pK"),
    "last name Null": (json.dumps({"lastname": "Null"}), "Null"),
    "first name None": (json.dumps({"firstname": "None"}), "None"),
    "last name All": (json.dumps({"lastName": "All"}), "All"),
    "last name Unknown in XML": ("<lastname>Unknown</lastname>", "Unknown"),
}

SECRETS: dict[str, str] = {
    "cut-off JSON": '{"client_secret": "pl4nted-Xk9-s3cret',
    "Python": "{'client_secret': 'pl4nted-Xk9-s3cret'}",
    "Python, pairs": "[('client_secret', 'pl4nted-Xk9-s3cret')]",
    "a list in a form": "x=1&tokens=['pl4nted-Xk9-s3cret']",
    "YAML": "client_secret: pl4nted-Xk9-s3cret\n",
    "XML": "<clientSecret>pl4nted-Xk9-s3cret</clientSecret>",
    "CSV": "name,client_secret\nx,pl4nted-Xk9-s3cret\n",
    "CSV, quoted": 'id;"api token"\n1;"pl4nted-Xk9-s3cret"\n',
    "HTML table": "<table><tr><th>x</th><th>Password</th></tr><tr><td>1</td><td>pl4nted-Xk9-s3cret</td></tr></table>",
    "HTML list": "<dl><dt>Password</dt><dd>pl4nted-Xk9-s3cret</dd></dl>",
    "JSON five deep": json.dumps({"a": json.dumps({"b": json.dumps({"c": json.dumps({"password": SECRET})})})}),
    "base64 of gzip": json.dumps({"data": _b64(gzip.compress(json.dumps({"password": SECRET}).encode()))}),
    "hexadecimal": json.dumps({"data": json.dumps({"password": SECRET}).encode().hex()}),
    "CSV, a header in quotes": '"id","password"\n"1","pl4nted-Xk9-s3cret"\n',
    "columns in the first row": json.dumps([["id", "password", "token"], [1, SECRET, "x"]]),
    "nonce": json.dumps({"nonce": SECRET}),
    "German": "Kennwort: pl4nted-Xk9-s3cret",
    "bearer": "Error: sent Authorization: Bearer pl4nted-Xk9-s3cret, got 401",
    "bearer, small": "authorization=bearer%20pl4nted-Xk9-s3cret",
    "curl": "curl -u me:pl4nted-Xk9-s3cret https://x.example",
    "URL user": "https://me:pl4nted-Xk9-s3cret@x.example/",
    "a password, shortened": "key.store.pw=pl4nted-Xk9-s3cret\nssl.pw=pl4nted-Xk9-s3cret\npw=pl4nted-Xk9-s3cret\n",
    "sshpass": "SSHPASS='pl4nted-Xk9-s3cret'",
    "service account": json.dumps({"service_account_json": SECRET}),
}  # fmt: skip


def _redacted(tmp_path: Path, response: dict[str, Any], request: dict[str, Any] | None = None) -> str:
    """What a recording of one exchange looks like once it is redacted; `--check` must then be content."""
    entry = {
        "request": {"method": "GET", "url": f"{ROOT}/status", "headers": [], **(request or {})},
        "response": {"status": 200, "headers": [], "content": {"text": ""}, **response},
    }
    source, out = tmp_path / "in.har", tmp_path / "out.har"
    source.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), "utf-8")
    assert main(["redact", "--check", str(source)]) == 1
    assert main(["redact", str(source), str(out)]) == 0
    assert main(["redact", "--check", str(out)]) == 0
    written: Any = json.loads(out.read_text("utf-8"))["log"]["entries"][0]
    del written["_umapi"]
    return _decoded(json.dumps(written, ensure_ascii=False))


def _decoded(text: str) -> str:
    """A text and all that base64 and hexadecimal digits in it stand for."""
    parts = [text]
    for run in text.replace('\\"', " ").replace('"', " ").split():
        for decode in (base64.b64decode, bytes.fromhex):
            try:
                parts.append(decode(run).decode("utf-8", "replace"))
            except ValueError:
                continue
            if (packed := base64.b64decode(run) if decode is base64.b64decode else b"").startswith(b"\x1f\x8b"):
                parts.append(gzip.decompress(packed).decode())
    return "\n".join(parts).replace("\\u0051", "Q").replace("&#81;", "Q").lower()


@pytest.mark.parametrize("text", [text for text in NAMES.values() if WORD.lower() in text.lower() or "51uack" in text])
@pytest.mark.parametrize("side", ["answer", "request"])
def test_a_name_is_found_in_every_notation(text: str, side: str, tmp_path: Path) -> None:
    """A name that only this one field or sentence tells is replaced, and `--check` tells of it before."""
    if side == "answer":
        shown = _redacted(tmp_path, {"content": {"text": text}})
    else:
        shown = _redacted(tmp_path, {}, {"method": "POST", "postData": {"mimeType": "text/plain", "text": text}})
    assert "quackenb" not in shown


@pytest.mark.parametrize(("text", "part"), OTHERS.values(), ids=OTHERS)
def test_numbers_ids_and_names_that_read_as_nothing(text: str, part: str, tmp_path: Path) -> None:
    """Telephone numbers, ids without their realm, and a person called Null are replaced."""
    assert part.lower() not in _redacted(tmp_path, {"content": {"text": text}})


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_found_in_every_notation(text: str, tmp_path: Path) -> None:
    """A secret that only this one field or sentence tells is masked."""
    assert SECRET not in _redacted(tmp_path, {"content": {"text": text}})


PLACES: dict[str, dict[str, Any]] = {
    "status text": {"statusText": "User Quackenbush not found"},
    "file name of an answer": {
        "headers": [{"name": "Content-Disposition", "value": 'attachment; filename="Quackenbush.csv"'}]
    },
    "encoded file name of an answer": {
        "headers": [{"name": "Content-Disposition", "value": "attachment; filename*=UTF-8''Quackenbush%20x.csv"}]
    },
    "user in a timing": {"headers": [{"name": "Server-Timing", "value": 'user;desc="Zeb Quackenbush"'}]},
    "JSON in a header": {"headers": [{"name": "X-Info", "value": '{"lastname":"Quackenbush"}'}]},
    "device in a header": {"headers": [{"name": "X-Device-Fingerprint", "value": "Quackenbush7"}]},
    "machine in a header": {"headers": [{"name": "X-Machine-Id", "value": "Quackenbush7"}]},
    "field in a header": {"headers": [{"name": "X-Info", "value": "lastname=Quackenbush; x=1"}]},
    "link": {"headers": [{"name": "Link", "value": '<https://x.example/?user=Quackenbush>; rel="next"'}]},
}


@pytest.mark.parametrize("response", PLACES.values(), ids=PLACES)
def test_a_name_is_found_in_every_place(response: dict[str, Any], tmp_path: Path) -> None:
    """Names in the status text, in file names and in headers are replaced."""
    assert "quackenb" not in _redacted(tmp_path, response)


HOSTS = [
    ("Via", "1.1 gw7.quackenbush.eu (varnish)"),
    ("Via", "1.1 proxy.quackenbush.de:8080"),
    ("X-Cache", "MISS from px2.quackenbush-media.com"),
    ("X-Cache-Lookup", "MISS from px2.quackenbush.com:3128"),
    ("Warning", '110 cache.quackenbush.com "Response is stale"'),
    ("Server", "apache/2.4 (quackenbush.de)"),
    ("X-Backend-Server", "srv1.quackenbush.de"),
    ("Alt-Svc", 'h3="alt.quackenbush.de:443"; ma=86400'),
    ("Content-Security-Policy", "default-src 'self' *.quackenbush.de"),
    ("Server-Timing", 'cdn;desc="edge.quackenbush.de"'),
    ("WWW-Authenticate", 'Negotiate realm="CORP.QUACKENBUSH.DE"'),
    ("Received", "from mx.quackenbush.de by mail"),
    ("X-Served-By", "node4.quackenbush.local"),
]


@pytest.mark.parametrize(("name", "value"), HOSTS)
def test_a_host_without_scheme_is_found_in_headers_of_hosts(name: str, value: str, tmp_path: Path) -> None:
    """Servers and proxies that name themselves in a header are replaced, and nothing else of it."""
    shown = _redacted(tmp_path, {"headers": [{"name": name, "value": value}]})
    assert "quackenb" not in shown
    assert all(
        word in shown for word in re.findall(r"[a-z-]+", re.sub(r"[\w.-]*quackenbush[\w.-]*", "", value.lower()))
    )


ADDRESSES = [
    "#/people/zeb-quackenbush",
    "#/people/zeb.quackenbush",
    "#!/profile/zeb-quackenbush",
    "/a#/profile/zeb.quackenbush?tab=1",
    "/hr/employee/zeb.quackenbush",
    "/api/users('zeb.quackenbush')",
    "/api/users(%27zeb.quackenbush%27)/manager",
    "/api/users/by-name/zeb.quackenbush",
    "/avatar/zeb.quackenbush.png",
    "/wiki/display/~zquackenbush",
    "/groups/quackenbush%20pod/members",
    "/teams/quackenbush-retouch",
    "/api/people?q=Zeb+Quackenbush",
    "/search?query=Zeb%20Quackenbush&size=2",
    "/search?term=Quackenbush",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_who_a_path_names_is_found(path: str, tmp_path: Path) -> None:
    """Paths and fragments that lead to a person or a group of another service do not name them."""
    assert "quackenb" not in _redacted(tmp_path, {}, {"url": f"https://usermanagement.adobe.io{path}"})


def test_the_character_set_of_a_file_name_stays(tmp_path: Path) -> None:
    """What a header says of how a file's name is encoded (RFC 8187) is no part of the name."""
    header = {"name": "Content-Disposition", "value": "attachment; filename*=UTF-8'de'Quackenbush%20x.csv"}
    shown = _redacted(tmp_path, {"headers": [header]})
    assert "filename*=utf-8'de'" in shown
    assert "quackenb" not in shown


def test_a_token_among_the_protocols_of_a_web_socket_is_masked(tmp_path: Path) -> None:
    """Browsers can send a token to a web socket only as one of its protocols; it is masked there."""
    header = {"name": "Sec-WebSocket-Protocol", "value": f"bearer, {SECRET}"}
    assert SECRET not in _redacted(tmp_path, {}, {"headers": [header]})


def test_what_is_left_out_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line that tells of an entry without answer names neither whom it asked for nor where it went."""
    answered = {"request": {"method": "GET", "url": f"{ROOT}/status", "headers": []}, "response": {"status": 200}}
    lost: dict[str, Any] = {
        "request": {"method": "GET", "url": f"{ROOT}/organizations/{ORG}/users/{WORD}@x.example", "headers": []},
        "response": {"status": 0, "_error": f"net::ERR_NAME {WORD}@x.example"},
    }
    elsewhere = {**lost, "request": {"method": "GET", "url": f"https://x.example/people/{WORD}", "headers": []}}
    source, out = tmp_path / "in.har", tmp_path / "out.har"
    source.write_text(json.dumps({"log": {"version": "1.2", "entries": [answered, lost, elsewhere]}}), "utf-8")
    assert main(["redact", str(source), str(out)]) == 0
    shown = capsys.readouterr().err
    assert "has no answer (net::ERR_NAME" in shown
    assert WORD not in shown
    assert ORG not in shown


@pytest.mark.parametrize("name", ["operation", "pseudonyms", "settings", "source"])
def test_our_own_notes_hide_nothing(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a note that has the name of one of ours, a name or secret is found as anywhere."""
    planted = f"lastname={WORD} password={SECRET}"
    entry = {
        "request": {"method": "GET", "url": f"{ROOT}/status", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"text": ""}},
        "_umapi": {name: {"a": planted} if name == "settings" else planted},
    }
    source, out = tmp_path / "in.har", tmp_path / "out.har"
    source.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), "utf-8")
    assert main(["redact", "--check", str(source)]) == 1
    assert "a secret" in capsys.readouterr().out
    assert main(["redact", str(source), str(out)]) == 0
    assert main(["redact", "--check", str(out)]) == 0
    assert WORD not in out.read_text("utf-8")
    assert SECRET not in out.read_text("utf-8")


ORDINARY = [
    "Server: nginx\nHost not found, try again later.",
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
    '{"result":"error","message":"Not authorized","lastPage":true,"error_code":"403025","groups":[]}',
    "User is not authorized to access this group; the email address is missing.",
    "a,Active,US\nb,Active,DE\nc,Inactive,FR\n",
    "files in /home/runner/work and C:\\Users\\Public\\x",
    '[{"op": "replace", "path": "/status", "value": "active"}]',
    "No request was removed from the queue. Connection was closed, and Account has been created by the Service.",
    "Contact Support for help, or sign in: Added License to the queue.",
    '{"title": "Not Found", "status": 404, "detail": "Nothing is hosted at adobe.io."}',
    "see /users/0/x and /users/{id}/home; meet at noon",
    "<title>Sign In - Adobe Admin Console</title>",
    "Name      Status\n--------- ------\n",
    "usage: umapi user list --output json -v; 2026-01-05 -- the end",
    '{"type": "x", "lastname": "", "country": "US"}',
    '{"columns": ["id", "status"], "rows": [[1, "active"]]}',
    "x{version=1, mail=null, name=none}",
    "scope=openid,AdobeID,user_management_sdk",
    '{"scope": "AdobeID,openid,read_organizations", "note": "openid,AdobeID,user_management_sdk"}',
    "the date is 2026-01-05T10:00:00.000+0100 and the version 1.2.3",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str, tmp_path: Path) -> None:
    """Text that names nobody is not changed."""
    entry = {
        "request": {"method": "GET", "url": f"{ROOT}/status", "headers": []},
        "response": {"status": 502, "statusText": "Bad Gateway", "headers": [], "content": {"text": text}},
    }
    source, out = tmp_path / "in.har", tmp_path / "out.har"
    source.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), "utf-8")
    assert main(["redact", "--accept", "b c v x DE FR", str(source), str(out)]) == 0
    written = json.loads(out.read_text("utf-8"))["log"]["entries"][0]["response"]
    assert (written["content"]["text"], written["statusText"]) == (text, "Bad Gateway")
