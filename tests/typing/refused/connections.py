"""Mistakes in the use of connections and queries, each on a line of its own."""

from umapi_sdk import Connection, GroupsQuery, JWTAuth, OAuthS2S, UserAction, UserQuery, UsersQuery

auth = OAuthS2S("id", "secret")
conn = Connection("12345@AdobeOrg", auth)

Connection("12345@AdobeOrg")  # error: call-arg, reportCallIssue
Connection("12345@AdobeOrg", "token")  # error: arg-type, reportArgumentType
Connection("12345@AdobeOrg", auth, "https://example.com")  # error: arg-type, call-arg, reportCallIssue
Connection("12345@AdobeOrg", auth, timeout="120")  # error: arg-type, reportArgumentType
Connection("12345@AdobeOrg", auth, verify=False)  # error: call-arg, reportCallIssue
OAuthS2S("id")  # error: call-arg, reportCallIssue
JWTAuth("12345@AdobeOrg", "id", "secret")  # error: call-arg, reportCallIssue

conn.execute_single([UserAction("a@example.com")])  # error: arg-type, reportArgumentType
conn.execute_multiple(UserAction("a@example.com"))  # error: arg-type, reportArgumentType
conn.execute_single({"user": "a@example.com"})  # error: arg-type, reportArgumentType
conn.execute_single(UserAction("a@example.com"), immediate="yes")  # error: arg-type, reportArgumentType

UsersQuery(conn, status="disabled")  # error: arg-type, reportArgumentType
UsersQuery(conn, group="A")  # error: call-arg, reportCallIssue
UsersQuery(conn, "A", "example.com", True, "active")  # error: call-arg, reportCallIssue
UsersQuery(conn, in_group=None)  # error: arg-type, reportArgumentType
UserQuery(conn)  # error: call-arg, reportCallIssue
print(UserQuery(conn, "a").result().email)  # error: union-attr, reportOptionalMemberAccess
[user.firstname for user in UsersQuery(conn)]  # error: attr-defined, reportAttributeAccessIssue
[group.email for group in GroupsQuery(conn)]  # error: attr-defined, reportAttributeAccessIssue
next(iter(UsersQuery(conn))).email = "a@example.com"  # error: misc, reportAttributeAccessIssue
