"""Mentions: names in sentences, told by the words around them: Group 'X' does not exist, Jane Doe was removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NOUN: Final = (
    r"(?i:group\smemberships?|guest\susers?|resources?|entry|entity|objects?|recipients?|identity|principal|guests?"
    r"|(?:user|product|admin)[ -]?(?:groups?|profiles?|names?|accounts?)|groups?|users?|profiles?|products?|members?"
    r"|accounts?|managers?|admin(?:istrator)?s?|persons?|people|owners?|employees?|e-?mails?|configurations?|tenants?"
    r"|(?:first|last|display|full|sur|given)?[ -]?names?|organi[sz]ations?|org|domains?|login|customers?|company|team"
    r"|benutzer(?:in|s|namen?|gruppe)?|nutzer(?:in)?|anwender(?:in)?|gruppe|konto|mitglied|mitarbeiter(?:in)?|produkt|profil"
    r"|utilisat(?:eur|rice)|groupe|compte|membre|produit|usuari[oa]|grupo|cuenta|miembro|producto|utente|gruppo|membro"
    r"|prodotto|gebruiker|groep|lid|usu\u00e1ri[oa]|utilizador|conta)"
)
_CALLED: Final = r"(?i:\s(?:named|called|with\s(?:the\s)?(?:name|id|email|key)|name|id|is|was|for|of)\b){0,2}"
# A letter that HTML escapes is taken whole.
# No word is longer: a run of dots is begun anew behind each of them.
_PARTICULAR: Final = r"[^\W_a-z](?:[\w'\u2019.@-]|&(?:[#\w]{1,31};)?+){0,63}"
_NAME: Final = rf"{_PARTICULAR}(?:\s(?:(?:van|von|de|der|den|di|da|la|le|bin|al)\s){{0,2}}+{_PARTICULAR}){{0,3}}"
_ADDRESSED: Final = (
    r"(?i:hello|dear|hi|welcome(?:\sback)?,?|mrs?\.?|ms\.?|dr\.?|signed\sin\sas|logged\sin\sas|on\sbehalf\sof|by|from"
    r"|hallo|sehr\sgeehrte[rs]?(?:\s(?:herrn?|frau))?|liebe[r]?|herrn?|frau|bonjour|cher|ch\u00e8re|hola|ciao"
    r"|contact|ask|call|notify|notified|inform(?:ed)?|message|cc|attn|(?:photo|picture|avatar|image|portrait)\sof|(?:(?:kind|best|warm)\s)?regards|sincerely|cheers"
    r"|mit\sfreundlichen\sgr\u00fc\u00dfen|cordialement|approved\sby|reported\sby|assigned\sto|sent\sto|willkommen"
    r"|authenticated\sas|impersonating|bind\sas|bound\sas|login\sfor|(?:on|off)boarding(?:\sof)?|seat\sof|assignment\sfor"
    r"|licen[cs]e\sfor)"
)
# Of whom only a few things are said: that somebody became a member, came, went or was changed.
_DONE: Final = (
    r"(?:added|removed|deleted|created|updated|invited|promoted|demoted|suspended|disabled|enabled|deactivated|activated"
    r"|reactivated|locked|unlocked|granted|assigned|unassigned|moved|renamed|provisioned|deprovisioned|synced|revoked"
    r"|offboarded|onboarded|migrated|skipped|rejected|approved|excluded|included|mapped|found)"
)
_ACTED: Final = (
    rf"\s(?:(?:was|were|is|has\sbeen|is\sbeing|will\sbe|could\snot\sbe|cannot\sbe|can't\sbe)\s(?:not\s|already\s)?{_DONE}"
    r"|is\s(?:not\s|already\s|now\s|no\slonger\s){0,2}(?:an?\s|the\s)?(?:entitled|members?|admin\w{0,10}|owners?|managers?|in\sthe\s)"
    r"|(?:has\s)?(?:joined|left)\s(?:the|your)?|(?:has\s)?(?:logged|signed)\s(?:in|out)\b|does\snot\sbelong\sto"
    r"|(?:wurde|ist|hat)\s\w|a\s\u00e9t\u00e9|fue\s\w|\u00e8\sstat[oa])"
)
_GONE: Final = (
    r"\s(?:is\s(?:now\s)?(?:locked|blocked|deactivated|suspended)|was\snot\sfound|not\sfound|does\snot\sexist|doesn't\sexist|do\snot\sexist|already\sexists|could\snot\sbe"
    r"|is\sunknown|is\snot\sa\smember|is\snot\sin|has\sno\s|has\sbeen|was\s(?:added|removed|deleted|created|updated|invited)"
    r"|nicht\sgefunden|existiert\s|wurde\s|ist\s(?:unbekannt|kein|bereits)|introuvable|n'existe|n'a\spas|a\s\u00e9t\u00e9"
    r"|no\s(?:encontrad|existe)|ya\sexiste|fue\s|non\s(?:trovat|esiste)|niet\sgevonden|bestaat\s|n\u00e3o\s)"
)
# What was done to somebody, before the name.
_DOING: Final = (
    r"(?i:added|adding|add|removed|removing|remove|deleted|deleting|delete|invited|inviting|invite|created|creating|create"
    r"|updated|updating|update|assigned|assigning|granted|moved|moving|skipped|skipping|skip|synced|syncing|processed"
    r"|processing|mapped|mapping|ignored|ignoring|disabled|disabling|enabled|enabling|suspended|promoted|demoted|renamed"
    r"|provisioned|provisioning|deprovisioned|revoked|matched|fetched|found|resolved|no\smatch\sfor|failed\sfor|publickey\sfor"
    r"|password\sfor|opened\sfor)"
)
_MENTION: Final = re.compile(
    rf"(?<![\w-]){_NOUN}\b{_CALLED}[:,]?\s?"
    r"(?:\\*[\"'`\u2018\u201c\u201e\u00ab\[(]\s?(?P<quoted>[^\"'`\u2019\u201c\u201d\u00bb\])\r\n\\]{1,200})\s?\\*[\"'`\u2019\u201c\u201d\u00bb\])]"
    # In a title, as in User Filter / All, more words with capitals would follow.
    rf"|(?P<named>{_PARTICULAR}(?:\s(?:/\s|&\s)?{_PARTICULAR}){{0,5}})(?=[.,;:!?)]|\s(?-i:[a-z(])|$)"
    rf"|(?P<gone>[^\s:,;\"'<>]{{2,64}}(?:\s[^\s:,;\"'<>]{{1,64}}){{0,3}}?)(?={_GONE}))"
    # Chats set a name between signs, pages between tags.
    rf"|(?<![\w-]){_ADDRESSED}[,:]?\s(?:[*_]{{1,2}}|<(?i:b|strong|em|i)>)?(?P<addressed>{_NAME})"
    # 'X' is not a member, "X" does not exist.
    rf"|[\"'\u2018\u201c](?P<subject>[^\"'\u2019\u201d\r\n\\]{{2,200}})[\"'\u2019\u201d](?={_GONE})"
    rf"|(?:^|(?<=[.!?:;\]\"(>]\s)|(?<=\n))(?P<actor>(?!{_NOUN}\b){_NAME})(?={_ACTED})"
    rf"|(?<![\w-]){_DOING}\s(?:the\s)?(?:[\"'`\u2018\u201c](?P<object>[^\"'`\u2019\u201d\r\n\\]{{2,200}})[\"'`\u2019\u201d]"
    rf"|(?P<done>(?!{_NOUN}\b){_NAME})(?=\s(?-i:[a-z(])|[.,;:!)]|$))"
    rf"|(?<![\w-]){_DOING}\s\[(?P<several>[^\]\[\r\n]{{2,400}})\]"
    rf"|(?<![\w-]){_NOUN}\s(?i:not\sfound|missing|unknown|skipped|failed|removed|added|invalid|ignored|affected)\s?:\s"
    rf"(?P<enumerated>{_NAME}(?:,\s{_NAME}){{0,50}})"
    rf"|(?<![\w-])(?P<possessor>{_NAME})(?=['\u2019]s\s(?i:account|profile|licen[cs]e|mailbox|password|membership|manager"
    r"|access|group|e-?mail|login|user|role|name|address|team))"
    # federatedID,X,domain, as user-sync writes its keys (AdobeID is a scope of OAuth); sudo: X : TTY=...
    r"|(?:(?i:federated|enterprise)|(?<![\w,])adobe)ID,(?P<key>[^\s,'\"]{2,64}(?:,[\w-]+(?:\.[\w-]+)+)?)"
    r"|(?<=sudo:)\s{1,9}(?P<sudoer>[^\s:]{2,64})(?=\s:\s)"
    # Duplicate entry 'X' for key, as databases say.
    r"|(?i:duplicate\s(?:entry|key|value|name|user)\s)[\"'`]?(?P<double>[^\s\"'`,;]{2,64})"
    # bind as x failed; curl -u x:password; Server-Timing: user;desc="X".
    r"|(?<![\w-])(?i:bind|bound|authenticated)\sas\s(?P<bound>[\w.@-]{3,64})(?=\s(?:failed|succeeded|rejected)|[.,;:]?$)"
    r"|(?<!\S)-u\s[\"']?(?P<curl>[\w.@-]{2,64})(?=:)"
    r"|(?<![\w-])(?i:user|login|person|owner);desc=\"(?P<timing>[^\"\r\n]{2,200})\""
    # 10.0.0.1 - X [date], as web servers write who has asked.
    r"|(?<=\s)-\s(?P<asker>[^\s\"\[\]-][^\s\"\[\]]{0,63})(?=\s\[[0-9]{1,2}/)"
    r"|(?i:(?:publickey|password|session\sopened)\sfor\s(?:invalid\s)?(?:user\s)?)(?P<login>[\w.@-]{2,64})(?=\s(?:from|by)\s)",
    re.MULTILINE,
)
_LIKELY: Final = re.compile(
    r"(?i)user|group|profile|product|member|account|manager|admin|person|people|owner|employee|mail|configuration|tenant"
    r"|name|organi|org|domain|login|customer|company|team|hello|dear|hi|welcome|m[rs]|dr|by|from|as|behalf|exist|found"
    r"|benutz|nutzer|anwender|grupp|konto|mitglied|mitarbeit|produ|profil|utili|compte|membre|usu|cuent|miembro|membro"
    r"|utent|gebruik|groep|lid|conta|contact|call|notif|inform|cc|att|sent|add|remov|delet|invit|creat|updat|grant|mov"
    r"|skip|sync|process|map|ignor|abl|suspend|mot|provision|match|fetch|resolv|fail|duplicate"
    r"|'s |\u2019s "
    r"|photo|picture|avatar|image|portrait|regards|sincerely|cheers|gr\u00fc|cordial|ID,|sudo|resource|entr|object"
    r"|bind|bound|impersonat|authenticat|lock|curl|boarding|seat|licen|willkommen|entitled"
    r"|- |join|left|sign|log|is |was |hall|geehrt|lieb|frau|herr"
)
ORDINARY: Final = frozenset(
    word
    for line in (
        "request response connection service server client file account field value session token job task record",
        "network entry page data item items it this that which these those they he she we you i there here nothing",
        "everything something license licence licenses quota product profile message messages error errors warning",
        "warnings result results status code list query command commands action actions step steps operation",
        "operations limit rate time date header body url uri path host port proxy gateway certificate key keys",
        "parameter parameters argument option options setting settings configuration database table row rows column",
        "columns index document object array string number json xml html http https api sdk umapi ims jwt oauth",
        "ldap csv yaml sql id ids uuid ip dns tls ssl tcp adobe support help helpdesk sales care customer team",
        "administrator administrators admin console dashboard portal system directory organization organisation",
        "tenant access denied bad internal external unavailable timeout forbidden unauthorized not found gone",
        "conflict moved permanently temporarily ok created accepted no content home sign in out log login logout",
        "welcome to of the a an and or for from with by on at as is was be been are were has your our their his her",
        "its my me us all any some none each every other another new old first last next previous one two three",
        "many more most less least only also too again please try later now today yesterday tomorrow invalid",
        "missing required unknown unsupported deprecated max maximum minimum total count retry after january",
        "february march april may june july august september october november december jan feb mar apr jun jul aug",
        "sep oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun gmt",
        "utc das der die ein eine es er sie dieser diese konto benutzer gruppe fehler anfrage le la les un une il",
        "elle el ella default environment production stage staging development test testing sandbox demo example",
        "sample service-account services resource resources role roles permission permissions policy feature",
        "features version cache backup change changes update updates process processing import export sync upload",
        "download folder template email mail address password username name names title type types group groups",
        "user users member members people success successful failed failure complete completed pending running",
        "finished started stopped disabled enabled",
    )
    for word in line.split()
)
"""Words in small letters with which sentences and titles begin, and that are nobody's name there."""


def mentions(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each name begins and ends that the words around it tell."""
    if (" " not in text and "ID," not in text) or not _LIKELY.search(text):
        return
    for found in _MENTION.finditer(text):
        group = found.lastgroup
        if group is not None:
            yield found.start(group), found.start(group) + len(found[group].rstrip(" .,"))
