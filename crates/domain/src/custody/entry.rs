//! What is written down of a shipment: by whom, when and where, and what happened.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::corrections::Effect;
use super::hash::EntryHash;
use super::photo::PhotoHash;
use crate::named_enum::named_enum;
use crate::shipment::Disposition;
use crate::{BadgeId, OrganisationId, ShipmentId, UserId};

/// The number of a box within its shipment, from 1.
pub type BoxNumber = u32;

/// One thing that happened. Its text is what is hashed, kept and exported: two entries are the same if their texts are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub shipment: ShipmentId,
    /// Given by whoever wrote it, so that what is handed in twice is one entry.
    pub id: Uuid,
    /// By the writer's clock. Nothing rests on it but what people read.
    pub at: DateTime<Utc>,
    pub by: Actor,
    /// Where; none: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<Whereabouts>,
    pub act: Act,
}

/// A text that is no entry.
#[derive(Debug, thiserror::Error)]
#[error("not an entry: {0}")]
pub struct EntryError(#[source] serde_json::Error);

impl Entry {
    /// The text that is hashed.
    pub fn to_text(&self) -> Result<String, EntryError> {
        serde_json::to_string(self).map_err(EntryError)
    }

    pub fn from_text(text: &str) -> Result<Self, EntryError> {
        serde_json::from_str(text).map_err(EntryError)
    }

    /// The entry that this one continues, answers or corrects; what begins something has none.
    pub fn link(&self) -> Option<EntryHash> {
        match &self.act {
            Act::Packed { .. } | Act::Decided { .. } => None,
            Act::Offered { continues, .. } | Act::Sealed { continues, .. } => Some(*continues),
            Act::Accepted { answers, .. } | Act::Refused { answers, .. } | Act::Withdrawn { answers, .. } => {
                Some(*answers)
            }
            Act::Corrected { corrects, .. } => Some(*corrects),
        }
    }

    /// The boxes it is about; none where it is about another entry as a whole, or about the shipment.
    pub fn boxes(&self) -> &[BoxNumber] {
        match &self.act {
            Act::Packed { boxes, .. }
            | Act::Sealed { boxes, .. }
            | Act::Offered { boxes, .. }
            | Act::Accepted { boxes, .. }
            | Act::Refused { boxes, .. } => boxes,
            Act::Withdrawn { .. } | Act::Corrected { .. } | Act::Decided { .. } => &[],
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// The boxes were closed; whoever packed them is their first custodian.
    Packed {
        boxes: Vec<BoxNumber>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        seals: Vec<Seal>,
    },
    /// The custodian put a new seal on boxes.
    Sealed { continues: EntryHash, boxes: Vec<BoxNumber>, seal: String, reason: String },
    /// The custodian hands boxes over; custody moves only when the addressee accepts.
    Offered {
        /// The entry by which the offerer became their custodian.
        continues: EntryHash,
        boxes: Vec<BoxNumber>,
        /// Boxes of the same parent that are not handed over, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exceptions: Vec<Exception>,
        /// The pallet, roll cage or manifest that was handed over as one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        to: Addressee,
        #[serde(default)]
        seen: Seen,
    },
    /// The addressee takes boxes over and answers for them from now on.
    Accepted {
        answers: EntryHash,
        boxes: Vec<BoxNumber>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exceptions: Vec<Exception>,
        /// Apart from what may be used, and marked.
        #[serde(default, skip_serializing_if = "is_false")]
        quarantine: bool,
        #[serde(default)]
        seen: Seen,
    },
    /// The addressee does not take boxes over; the custodian stays.
    Refused {
        answers: EntryHash,
        boxes: Vec<BoxNumber>,
        reason: String,
        #[serde(default)]
        seen: Seen,
    },
    /// The custodian takes an offer back.
    Withdrawn { answers: EntryHash, reason: String },
    /// The consignor says that an entry is not as it was; the entry itself stays.
    Corrected { corrects: EntryHash, effect: Effect, reason: String },
    /// Quality's signed decision on the shipment.
    Decided { decision: Disposition, meaning: String, reason: String },
}

impl Act {
    /// The photo of what was seen.
    pub fn photo(&self) -> Option<PhotoHash> {
        match self {
            Self::Offered { seen, .. } | Self::Accepted { seen, .. } | Self::Refused { seen, .. } => {
                seen.photo
            }
            Self::Packed { .. }
            | Self::Sealed { .. }
            | Self::Withdrawn { .. }
            | Self::Corrected { .. }
            | Self::Decided { .. } => None,
        }
    }

    /// What another act says otherwise, by the names of its fields in the entry's text, `act` where another thing
    /// happened; none where both say the same. By what name and number an organisation went then does not matter.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (Some((act, said)), Some((other_act, other))) = (self.fields(), other.fields()) else {
            return vec!["act".to_owned()];
        };
        if act != other_act {
            return vec!["act".to_owned()];
        }
        let names: BTreeSet<&String> = said.keys().chain(other.keys()).collect();
        names.into_iter().filter(|name| said.get(*name) != other.get(*name)).cloned().collect()
    }

    /// As it stands in the text of an entry, an addressee by its id alone.
    fn fields(&self) -> Option<(String, Map<String, Value>)> {
        let Ok(Value::Object(act)) = serde_json::to_value(self) else { return None };
        let (name, fields) = act.into_iter().next()?;
        let Value::Object(mut fields) = fields else { return None };
        if let Some(to) = fields.get_mut("to").and_then(|to| to.get_mut("organisation")) {
            *to = to.get("id").cloned().unwrap_or_default();
        }
        Some((name, fields))
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Who wrote an entry: a person on behalf of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    pub organisation: Organisation,
    /// As printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The person's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The badge that the person showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<BadgeId>,
    /// Somebody else's account on which it was written, by a person without one or where nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_on: Option<Account>,
    pub strength: Strength,
}

impl Actor {
    /// The account on which it was written; none where it was written without one.
    pub fn account(&self) -> Option<UserId> {
        self.user.or(self.written_on.as_ref().map(|account| account.user))
    }
}

/// An account with its holder's name as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub user: UserId,
    pub person: String,
}

/// An organisation as it was called then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    /// Its Global Location Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<String>,
}

/// To whom an offer is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addressee {
    pub organisation: Organisation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

named_enum! {
    /// By what a person was known who wrote an entry, the strongest first.
    Strength, "strength" {
        /// Logged in with a password.
        Account = "account",
        /// Showed a badge at somebody else's device.
        Badge = "badge",
        /// Told a code that was sent to the addressee.
        Code = "code",
        /// Opened a link that was sent to the addressee.
        Link = "link",
        /// The organisation's own system reports it.
        System = "system",
        /// Nobody was there: left where the lane allows it.
        Unattended = "unattended",
    }
}

/// Where something happened, as far as it is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whereabouts {
    /// A place by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Degrees, WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<u32>,
}

/// A box that is not part of a handover of its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    #[serde(rename = "box")]
    pub number: BoxNumber,
    pub reason: String,
}

/// A seal on a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    #[serde(rename = "box")]
    pub number: BoxNumber,
    pub seal: String,
}

/// What the writer saw of the boxes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The seals that were read; a box without is not looked at, or has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<Seal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// A photo that is kept beside the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoHash>,
}

named_enum! {
    /// How the boxes look from outside.
    Condition, "condition" {
        Intact = "intact",
        Damaged = "damaged",
        Wet = "wet",
        Opened = "opened",
    }
}
