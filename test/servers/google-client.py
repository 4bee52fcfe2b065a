"""Drives the stand-in for Gmail by Google's own Python client (Debian: python3-googleapi, python3-google-auth).

Reads one JSON object from standard input: the discovery document with the stand-in as rootUrl, a refresh token with
its client, and a list of calls. Prints one JSON line a call: what the client returned, or what it made of a refusal.
Needs nothing of this repository, so that it can share no mistake with it.
"""

import base64
import io
import json
import sys

import google.oauth2.credentials
import google_auth_httplib2
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload, build_http


def media_of(call):
    """The upload of a call, as Google's guide makes it; `resumable` with the smallest chunks that Google takes."""
    if "message" not in call:
        return {}
    octets = io.BytesIO(base64.b64decode(call["message"]))
    resumable = call.get("resumable", False)
    chunk = 256 * 1024 if resumable else -1
    upload = MediaIoBaseUpload(octets, mimetype="message/rfc822", chunksize=chunk, resumable=resumable)
    return {"media_body": upload}


def details_of(error):
    body = json.loads(error.content.decode("utf-8"))["error"]
    return {
        "status": int(error.resp.status),
        "reason": error._get_reason(),
        "code": body.get("code"),
        "name": body.get("status"),
        "errors": body.get("errors"),
        "details": body.get("details"),
    }


def run(service, call):
    users = service.users()
    resource = {"users": users, "messages": users.messages(), "labels": users.labels()}[call["resource"]]
    # `import` is a word of Python's: the client calls it import_.
    name = call["method"] + ("_" if call["method"] == "import" else "")
    request = getattr(resource, name)(userId="me", **call.get("arguments", {}), **media_of(call))
    if not call.get("resumable"):
        return {"value": request.execute()}
    chunks, value = 0, None
    while value is None:
        _, value = request.next_chunk()
        chunks += 1
    return {"value": value, "chunks": chunks}


def main():
    job = json.load(sys.stdin)
    credentials = google.oauth2.credentials.Credentials(
        None,
        refresh_token=job["refreshToken"],
        token_uri=job["tokenUrl"],
        client_id=job["clientId"],
        client_secret=job["clientSecret"],
    )
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=build_http())
    service = build_from_document(json.dumps(job["document"]), http=http)
    for call in job["calls"]:
        try:
            result = run(service, call)
        except HttpError as error:
            result = {"error": details_of(error)}
        print(json.dumps(result), flush=True)


main()
