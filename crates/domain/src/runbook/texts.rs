//! The house's own runbooks, one a kind of alert: plain steps that hold for everybody's boxes.

/// What to do, one step a line, and who to call.
pub type Texts = (&'static str, &'static str);

const CUSTODIAN: &str = "Whoever has the box; then the Responsible Person";
const QUALITY: &str = "The Responsible Person";
const CARRIER: &str = "The carrier's dispatcher; then logistics";
const OPERATOR: &str = "Whoever runs the installation";

pub const TEMPERATURE_HIGH: Texts = (
    "Call whoever has the box and have it brought into the cold at once.\n\
     Read how warm it is and for how long it has been; keep the box closed.\n\
     Do not use the goods until quality has decided.",
    CUSTODIAN,
);

pub const TEMPERATURE_LOW: Texts = (
    "Call whoever has the box and have it taken away from ice, cold packs and frost.\n\
     Read how cold it is and for how long it has been; keep the box closed.\n\
     Do not use the goods until quality has decided.",
    CUSTODIAN,
);

pub const HUMIDITY_HIGH: Texts = (
    "Have the box brought to a dry place.\n\
     Look for water on and in the packing.\n\
     Tell quality what was found.",
    CUSTODIAN,
);

pub const HUMIDITY_LOW: Texts = (
    "Have the box brought away from heaters and dry air.\n\
     Tell quality for how long it was too dry.",
    CUSTODIAN,
);

pub const SHOCK: Texts = (
    "Have the box looked at for damage, without opening it.\n\
     Ask what happened and take a photograph.\n\
     Tell quality before the goods are used.",
    CUSTODIAN,
);

pub const LIGHT: Texts = (
    "Ask whoever has the box whether it was opened, and why.\n\
     Have the seal compared with the one that was put on.\n\
     Tell quality before the goods are used.",
    CUSTODIAN,
);

pub const SILENCE: Texts = (
    "Look where the box was last, and whether others are heard there.\n\
     Call whoever has the box: is the tracker on it, and is it under metal or in a cellar?\n\
     Have the box brought to where there is radio, or its temperature read by hand.",
    "Whoever has the box; then logistics",
);

pub const GATEWAY_SILENT: Texts = (
    "Look whether the gateway has power and network.\n\
     Restart it, or have it replaced.\n\
     Have the boxes that it heard watched by hand until then.",
    OPERATOR,
);

pub const READINGS_MISSING: Texts = (
    "Leave the tracker on the box and within reach of radio: it sends again what was not confirmed.\n\
     Where they do not come, have the tracker read by hand at the end of the ride.\n\
     Leave the box on hold until they are there or quality has decided.",
    "Logistics; then the Responsible Person",
);

pub const TRANSFER_OVERDUE: Texts = (
    "Call whoever has the box and ask where it is.\n\
     Agree on a new time and place, and change the plan.\n\
     Look whether the time that the box may still be under way suffices.",
    CARRIER,
);

pub const OFFER_UNANSWERED: Texts = (
    "Call the one to whom the box was offered: is it there?\n\
     Have the offer accepted or refused, or withdraw it.\n\
     Until then whoever offered it answers for it.",
    CARRIER,
);

pub const CUSTODIAN_UNEXPECTED: Texts = (
    "Call whoever has the box now and ask how it came there.\n\
     Call whoever was to have it.\n\
     Tell quality, and correct the ledger where something was written wrongly.",
    QUALITY,
);

pub const CUSTODIAN_UNQUALIFIED: Texts = (
    "Look which contract or training is missing or has ended.\n\
     Have the box handed to somebody who is entitled, or the missing paper brought up to date.\n\
     Tell quality before the goods are used.",
    QUALITY,
);

pub const LEFT_WITHOUT_CUSTODY: Texts = (
    "Call whoever had the box last: who took it along?\n\
     Have the driver accept it at once.\n\
     Where nobody knows where it is, treat it as stolen and tell quality.",
    CARRIER,
);

pub const OFF_ROUTE: Texts = (
    "Call the driver and ask why.\n\
     Where nobody answers, follow the box's position and call the carrier.\n\
     Tell quality where theft is possible.",
    CARRIER,
);

pub const STANDING_TOO_LONG: Texts = (
    "Call the driver and ask why the box stands.\n\
     Have it moved on, or brought into the cold.\n\
     Tell quality where theft is possible.",
    CARRIER,
);

pub const ARRIVED_NOT_ACCEPTED: Texts = (
    "Call goods-in at the place: is the box there?\n\
     Have it brought into the cold and accepted.\n\
     Where it is refused, agree on who takes it back.",
    "Goods-in at the consignee; then logistics",
);

pub const ACCEPTED_ELSEWHERE: Texts = (
    "Call whoever accepted it: where is the box?\n\
     Look whether the place is fit for it.\n\
     Change the plan, or have it brought to where it was to go.",
    CARRIER,
);

pub const OPENED_IN_TRANSIT: Texts = (
    "Ask whoever has the box who opened it, and why.\n\
     Have seal and contents looked at, and take a photograph.\n\
     Do not use the goods until quality has decided.",
    QUALITY,
);

pub const TILT: Texts = (
    "Have the box stood upright and looked at for damage.\n\
     Ask what happened.\n\
     Tell quality before the goods are used.",
    CUSTODIAN,
);

pub const SEAL_DIFFERS: Texts = (
    "Leave the box closed and take a photograph of the seal.\n\
     Ask whoever had it before whether it was sealed anew.\n\
     Do not use the goods until quality has decided.",
    QUALITY,
);

pub const HANDED_OVER_OUT_OF_RANGE: Texts = (
    "Have the box put into quarantine by whoever has it now.\n\
     Have it brought back into its range.\n\
     Do not use the goods until quality has decided.",
    QUALITY,
);

pub const CUSTODY_UNREADABLE: Texts = (
    "Save the shipment's evidence package and run `isotherm verify` on it: it says which row is not as it was.\n\
     Compare with a backup of the database from before.\n\
     Ask each custodian by telephone who has the boxes now; nobody watches over them here.",
    OPERATOR,
);

pub const TRACKER_NOT_RETURNED: Texts = (
    "Call the consignee and ask for the tracker.\n\
     Have it sent back, or note it as lost.",
    "Logistics",
);

pub const WEBHOOK_REFUSED: Texts = (
    "Look under Integrations which it is, why its webhooks are refused, and what mends that.\n\
     Mend it in the network server, and see that its webhooks are taken in.",
    OPERATOR,
);

pub const WEBHOOK_UNREADABLE: Texts = (
    "Look at the body under Intake.\n\
     Compare the integration's network with the one that posts to it.\n\
     Have the network server send again what is missing.",
    OPERATOR,
);

pub const DEAD_LETTER: Texts = (
    "Read the reason under Intake.\n\
     Mend what it names, then replay the message.",
    OPERATOR,
);

pub const BACKLOG: Texts = (
    "Look whether the database answers and has room on its disk.\n\
     Look into the log of the tracking service, and start it again where it hangs.\n\
     Have boxes at risk watched by hand until it has caught up: alarms are late.",
    OPERATOR,
);

pub const SPOOL_FULL: Texts = (
    "Look whether the message broker answers: once it does, the spool empties by itself.\n\
     Make room on the ingester's disk, or raise the spool's limit.",
    OPERATOR,
);

pub const NOTIFICATION_FAILED: Texts = (
    "Read under the alerts what the mail server said.\n\
     Correct the address or the settings of the mail server.\n\
     Reach by telephone whoever was not reached.",
    OPERATOR,
);
