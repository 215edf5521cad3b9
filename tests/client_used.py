#!/usr/bin/env python3
"""Uses the client in Python that is made from the API's document, as programs of partners would.

    client_used.py FOLDER SETTINGS

FOLDER holds the client, SETTINGS (JSON) says where the service is, who asks and about what.
"""

import datetime
import io
import json
import sys
import uuid
import zipfile

sys.path.insert(0, sys.argv[1])

from isotherm_client import AuthenticatedClient, Client
from isotherm_client.api.alerts import list_alerts, show_alert_history
from isotherm_client.api.custody import export_epcis, export_evidence, hand_in, list_hand_ins, show_custody
from isotherm_client.api.session import make_token
from isotherm_client.api.shipments import list_readings, list_shipments, show_assessment
from isotherm_client.models import (
    AlertKind, AlertRaised, HandInAct, HandInEvent, HandInOnError, HandInProblem, HandInReport, LineOutcome, Problem,
    TokenError, TokenRequest, Verdict,
)  # fmt: skip
from isotherm_client.types import File


def log_in(url, key):
    """By OAuth 2.0 client credentials: the first 14 characters of a key are its id."""
    given = TokenRequest(grant_type="client_credentials", client_id=key[:14], client_secret=key)
    return authorized(url, make_token.sync(client=Client(url), body=given).access_token)


def authorized(url, token):
    return AuthenticatedClient(url, token, raise_on_unexpected_status=True)


def read_as_supplier(client, asked):
    [shipment] = list_shipments.sync(client=client, reference=asked["reference"]).items
    assert shipment.id == uuid.UUID(asked["shipment"]), shipment
    assessed = show_assessment.sync(shipment.id, client=client)
    assert assessed.assessment is Verdict.EXCURSION, assessed
    readings = list_readings.sync(shipment.id, client=client).items
    assert [reading.temperature_c for reading in readings] == [9.05] * 4, readings
    assert readings[0].measured_at.tzinfo is not None, readings
    custody = show_custody.sync(shipment.id, client=client)
    assert [box.box for box in custody.boxes] == [1], custody
    package = zipfile.ZipFile(export_evidence.sync(shipment.id, client=client).payload)
    assert "custody.jsonl" in package.namelist(), package.namelist()
    events = export_epcis.sync(shipment.id, client=client)
    assert events["type"] == "EPCISDocument" and events["epcisBody"]["eventList"], events
    absent = show_assessment.sync(uuid.uuid4(), client=client)
    assert isinstance(absent, Problem) and absent.status == 404, absent


def hand_in_as_carrier(client, asked):
    at = datetime.datetime.fromisoformat(asked["now"])
    event = HandInEvent(
        event_id="E-1", what=HandInAct.ACCEPTED, at=at, by=asked["carrier"], shipment=asked["reference"], person="B. Meyer"
    )
    report = hand_in.sync(client=client, body=[event])
    assert isinstance(report, HandInReport) and report.written == 1, report
    assert report.lines[0].outcome is LineOutcome.WRITTEN and len(report.lines[0].entry) == 64, report
    rows = f"event_id,what,at,by,shipment,to\nE-2,offered,{asked['now']},{asked['carrier']},{asked['reference']},{asked['tenant']}\n"
    wrong = f"E-3,offered,{asked['now']},{asked['carrier']},no such shipment,{asked['tenant']}\n"
    refused = hand_in.sync(client=client, body=csv(rows + wrong))
    assert isinstance(refused, HandInProblem) and [line.line for line in refused.lines] == [3], refused
    unread = hand_in.sync(client=client, body=csv("event_id\n"))
    assert isinstance(unread, HandInProblem) and "column" in unread.detail and not unread.lines, unread
    report = hand_in.sync(client=client, body=csv(rows + wrong), on_error=HandInOnError.PROCEED)
    assert (report.written, report.refused) == (1, 1), report
    kept = list_hand_ins.sync(uuid.UUID(asked["shipment"]), client=client).items
    assert [one.event_id for one in kept] == ["E-2", "E-1"], kept


def csv(text):
    return File(io.BytesIO(text.encode()))


def read_an_alert(client):
    alerts = list_alerts.sync(client=client).items
    [alert] = [one for one in alerts if one.kind is AlertKind.TEMPERATURE_HIGH]
    first = show_alert_history.sync(alert.id, client=client).items[0]
    assert isinstance(first, AlertRaised) and first.actor is None, first
    assert first.detail.kind is alert.kind and first.detail.began_at == alert.began_at, first


def main():
    asked = json.loads(sys.argv[2])
    url = asked["url"] + "/api/v1"
    read_as_supplier(log_in(url, asked["supplier_key"]), asked)
    hand_in_as_carrier(log_in(url, asked["carrier_key"]), asked)
    read_an_alert(authorized(url, asked["admin_token"]))
    exec(asked["documented"], {"url": asked["url"], "key": asked["supplier_key"], "gtin": asked["gtin"]})
    wrong = TokenRequest(grant_type="client_credentials", client_id="ist_0123456789", client_secret="guessed")
    assert isinstance(make_token.sync(client=Client(url), body=wrong), TokenError)


main()
