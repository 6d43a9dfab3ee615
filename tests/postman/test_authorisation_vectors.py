"""Signatures as their specifications and makers have published them, number by number."""

from __future__ import annotations

import datetime

import pytest

from umapi_harness.postman.authorisation.kinds import authorised
from umapi_harness.postman.authorisation.unsigned import Unsigned
from umapi_harness.postman.collection import Auth
from umapi_harness.postman.sending.messages import HttpBody, HttpRequest

AWS_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
S3_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signed(type_, settings, url, *, method="GET", headers=(), body=None, mode="", now=0.0):
    """A request with the authorisation of a type."""
    content = None if body is None else HttpBody((body.encode(),))
    http = HttpRequest(method=method, url=url, headers=headers, body=content)
    return authorised(Auth(type=type_, settings=settings), Unsigned(http=http, mode=mode, now=now))


def moment(text):
    """Seconds since 1970 of a date."""
    return datetime.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_of_rfc_7616(algorithm, response):
    """The examples of RFC 7616, 3.9.1."""
    settings = {
        "username": "Mufasa",
        "password": "Circle of Life",
        "realm": "http-auth@example.org",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "clientNonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "nonceCount": "00000001",
        "qop": "auth",
        "algorithm": algorithm,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }
    sent = signed("digest", settings, "http://www.example.org/dir/index.html")
    assert f'response="{response}"' in sent.header("authorization")


def test_digest_of_rfc_2617():
    """The example of RFC 2617, 3.5."""
    settings = {
        "username": "Mufasa",
        "password": "Circle Of Life",
        "realm": "testrealm@host.com",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "clientNonce": "0a4f113b",
        "nonceCount": "00000001",
        "qop": "auth",
    }
    sent = signed("digest", settings, "http://www.nowhere.org/dir/index.html")
    assert 'response="6629fae49393a05397450978507c4ef1"' in sent.header("authorization")


def test_oauth_1_of_its_first_specification():
    """OAuth Core 1.0a, appendix A.5.2; that of RFC 5849 is the same protocol."""
    settings = {
        "consumerKey": "dpf43f3p2l4k3l03",
        "consumerSecret": "kd94hf93k423kf44",
        "token": "nnch734d00sl2jdk",
        "tokenSecret": "pfkkdhi9sl3r4s00",
        "signatureMethod": "HMAC-SHA1",
        "timestamp": "1191242096",
        "nonce": "kllo9940pd9333jh",
        "version": "1.0",
        "addParamsToHeader": True,
    }
    sent = signed("oauth1", settings, "http://photos.example.net/photos?file=vacation.jpg&size=original")
    assert 'oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"' in sent.header("authorization")


@pytest.mark.parametrize(
    ("method", "path", "signature"),
    [
        ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ],
)
def test_aws_signatures_of_the_suite(method, path, signature):
    """From AWS's Signature Version 4 test suite: get-vanilla, post-vanilla, get-vanilla-query-order-key-case."""
    settings = {"accessKey": "AKIDEXAMPLE", "secretKey": AWS_KEY, "region": "us-east-1", "service": "service"}
    url = f"https://example.amazonaws.com{path}"
    sent = signed("awsv4", settings, url, method=method, now=moment("2015-08-30T12:36Z"))
    assert sent.header("authorization").endswith(f"SignedHeaders=host;x-amz-date, Signature={signature}")


def test_a_signed_address_of_s3():
    """The example of Amazon S3's API reference, "Authenticating requests: using query parameters"."""
    settings = {
        "accessKey": "AKIAIOSFODNN7EXAMPLE",
        "secretKey": S3_KEY,
        "region": "us-east-1",
        "service": "s3",
        "addAuthDataToQuery": True,
    }
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    sent = signed("awsv4", settings, url, now=moment("2013-05-24T00:00Z"))
    signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert sent.url.endswith(f"&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}")
    assert "X-Amz-Expires=86400" in sent.url


def test_hawk_of_its_readme():
    """The two examples of Hawk's README, without and with the hash of the body."""
    settings = {
        "authId": "dh37fgj492je",
        "authKey": "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
        "algorithm": "sha256",
        "timestamp": "1353832234",
        "nonce": "j4h3g2",
        "extraData": "some-app-ext-data",
    }
    url = "http://example.com:8000/resource/1?b=1&a=2"
    sent = signed("hawk", settings, url)
    assert 'mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="' in sent.header("authorization")
    sent = signed(
        "hawk",
        {**settings, "includePayloadHash": True},
        url,
        method="POST",
        headers=(("Content-Type", "text/plain"),),
        body="Thank you for flying Hawk",
        mode="raw",
    )
    header = sent.header("authorization")
    assert 'hash="Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY="' in header
    assert 'mac="aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw="' in header


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "signature"),
    [
        ("GET", "/", None, (), "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU="),
        ("GET", "/testapi/v1/t1?p1=1&p2=2", None, (), "hKDH1UlnQySSHjvIcZpDMbQHihTQ0XyVAKZaApabdeA="),
        ("POST", "/testapi/v1/t3", "data" * 8, (), "hXm4iCxtpN22m4cbZb4lVLW5rhX8Ca82vCFqXzSTPe4="),
        ("POST", "/testapi/v1/t3", "d" * 2049, (), "6Q6PiTipLae6n4GsSIDTCJ54bEbHUBp+4MUXrbQCBoY="),
        (
            "GET",
            "/testapi/v1/t4",
            None,
            (("X-Test1", "test-simple-header"),),
            "8F9AybcRw+PLxnvT+H0JRkjROrrUgsxJTnRXMzqvcwY=",
        ),
    ],
)
def test_edgegrid_of_akamai(method, path, body, headers, signature):
    """From the test data of Akamai's own libraries (AkamaiOPEN-edgegrid-node, test_data.json)."""
    settings = {
        "accessToken": "akab-access-token-xxx-xxxxxxxxxxxxxxxx",
        "clientToken": "akab-client-token-xxx-xxxxxxxxxxxxxxxx",
        "clientSecret": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=",
        "nonce": "nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "timestamp": "20140321T19:34:21+0000",
        "maxBodySize": "2048",
        "headersToSign": "X-Test1,X-Test2,X-Test3",
    }
    url = f"https://akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net{path}"
    sent = signed("edgegrid", settings, url, method=method, body=body, headers=headers, mode="raw")
    assert sent.header("authorization").endswith(f";signature={signature}")


def test_the_web_token_that_everybody_knows():
    """The first example of jwt.io."""
    settings = {
        "algorithm": "HS256",
        "secret": "your-256-bit-secret",
        "header": {"alg": "HS256", "typ": "JWT"},
        "payload": '{"sub": "1234567890", "name": "John Doe", "iat": 1516239022}',
    }
    header = signed("jwt", settings, "http://h/").header("authorization")
    assert header.endswith(".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c")
