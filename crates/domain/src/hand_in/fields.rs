//! The fields of one event: texts as a CSV file has them, or values as JSON has them.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Continues, Fault, HandIn, PartyRef, SeenSeal, What};
use crate::OrganisationId;
use crate::custody::{BoxNumber, Whereabouts};

/// Every field that there is: the columns of a file, in the order in which they are documented.
pub const NAMES: [&str; 21] = [
    "event_id",
    "what",
    "at",
    "by",
    "person",
    "shipment",
    "sscc",
    "boxes",
    "to",
    "to_person",
    "continues",
    "continues_event",
    "continues_by",
    "place",
    "lat",
    "lon",
    "seals",
    "condition",
    "note",
    "reason",
    "quarantine",
];

/// The most boxes or seals that one event names.
const MOST_BOXES: usize = 1000;

impl HandIn {
    /// Reads the fields of one event. Whatever is there and has no meaning there is refused, never passed over.
    pub(super) fn read(map: &Map<String, Value>) -> Result<Self, Fault> {
        if let Some(unknown) = map.keys().find(|name| !NAMES.contains(&name.as_str())) {
            let name: String = unknown.chars().take(40).collect();
            return Err(fault(&name, format!("there is no such field; write some of {}", NAMES.join(", "))));
        }
        let fields = Fields(map);
        let boxes = fields.boxes()?;
        let what: What = fields.required("what")?;
        let by: PartyRef = fields.required("by")?;
        let event = Self {
            event_id: fields.text("event_id", 100)?.ok_or_else(|| missing("event_id"))?,
            shipment: fields.text("shipment", 100)?,
            sscc: fields.parsed("sscc")?,
            what,
            by,
            person: fields.text("person", 200)?,
            at: fields.time("at")?,
            to: fields.parsed("to")?,
            to_person: fields.text("to_person", 200)?,
            continues: fields.continues(what, by)?,
            whereabouts: fields.whereabouts()?,
            seals: fields.seals(&boxes)?,
            condition: fields.parsed("condition")?,
            note: fields.prose("note", 2000)?,
            reason: fields.prose("reason", 1000)?,
            quarantine: fields.flag("quarantine")?,
            boxes,
        };
        event.check()?;
        Ok(event)
    }

    /// Whether what is said fits together.
    fn check(&self) -> Result<(), Fault> {
        let what = self.what;
        let only = |field, is_there: bool, of: &[What]| {
            let is_wrong = is_there && !of.contains(&what);
            if is_wrong {
                Err(fault(field, format!("what was {what} has none: leave it out")))
            } else {
                Ok(())
            }
        };
        let needs = |field, is_there: bool, of: &[What], reason: &str| {
            let is_wrong = !is_there && of.contains(&what);
            if is_wrong { Err(fault(field, reason.to_owned())) } else { Ok(()) }
        };
        let handed = [What::Offered, What::Accepted, What::Refused];
        let ended = [What::Refused, What::Withdrawn];
        only("to", self.to.is_some() || self.to_person.is_some(), &[What::Offered])?;
        needs("to", self.to.is_some(), &[What::Offered], "write to whom: a GLN or an organisation's id")?;
        only("reason", self.reason.is_some(), &ended)?;
        needs("reason", self.reason.is_some(), &ended, "write why, in 1 to 1000 characters")?;
        only("quarantine", self.quarantine, &[What::Accepted])?;
        only("seals", !self.seals.is_empty(), &handed)?;
        only("condition", self.condition.is_some() || self.note.is_some(), &handed)?;
        // It takes the whole offer back, whatever box is named.
        only("boxes", !self.boxes.is_empty() || self.sscc.is_some(), &handed)?;
        if self.shipment.is_none() && self.sscc.is_none() {
            return Err(fault("shipment", "write its reference or id, or the sscc of a box".into()));
        }
        if self.sscc.is_some() && !self.boxes.is_empty() {
            return Err(fault("boxes", "the sscc names the box: leave one of the two out".into()));
        }
        let is_one = self.sscc.is_some() || self.boxes.len() == 1;
        if !is_one && self.seals.iter().any(|seal| seal.number.is_none()) {
            return Err(fault("seals", "say of which box each is: 1=S-1 2=S-2".into()));
        }
        Ok(())
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    /// What is written there; blank is absent.
    fn raw(&self, name: &'static str) -> Result<Option<String>, Fault> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err(fault(name, "a text or a number is expected here".into()));
            }
        };
        Ok((!text.is_empty()).then_some(text))
    }

    fn text(&self, name: &'static str, most: usize) -> Result<Option<String>, Fault> {
        match self.prose(name, most)? {
            Some(text) if text.contains('\n') => {
                Err(fault(name, format!("write one line of 1 to {most} characters")))
            }
            text => Ok(text),
        }
    }

    /// Of any number of lines.
    fn prose(&self, name: &'static str, most: usize) -> Result<Option<String>, Fault> {
        let Some(text) = self.raw(name)?.map(|text| text.replace("\r\n", "\n")) else { return Ok(None) };
        if text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(fault(name, format!("write 1 to {most} characters, no control characters")));
        }
        Ok(Some(text))
    }

    fn parsed<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<Option<T>, Fault> {
        self.raw(name)?
            .map(|text| text.parse().map_err(|error: T::Err| fault(name, error.to_string())))
            .transpose()
    }

    fn required<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<T, Fault> {
        self.parsed(name)?.ok_or_else(|| missing(name))
    }

    fn time(&self, name: &'static str) -> Result<DateTime<Utc>, Fault> {
        let text = self.raw(name)?.ok_or_else(|| missing(name))?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(|_| {
            fault(name, format!("`{}` is no time with its zone, such as 2026-03-01T08:00:00Z", quoted(&text)))
        })?;
        Ok(time.to_utc())
    }

    fn flag(&self, name: &'static str) -> Result<bool, Fault> {
        match self.raw(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(fault(name, format!("`{}` is neither true nor false", quoted(other)))),
        }
    }

    fn decimal(&self, name: &'static str, limit: f64) -> Result<Option<f64>, Fault> {
        let Some(text) = self.raw(name)? else { return Ok(None) };
        match text.parse::<f64>() {
            // To 1 cm: so many digits are read back from the kept text as they were.
            Ok(value) if value.abs() <= limit => Ok(Some((value * 1e7).round() / 1e7)),
            _ => Err(fault(name, format!("`{}` is no number from -{limit} to {limit}", quoted(&text)))),
        }
    }

    fn whereabouts(&self) -> Result<Option<Whereabouts>, Fault> {
        let (lat, lon) = (self.decimal("lat", 90.0)?, self.decimal("lon", 180.0)?);
        if lat.is_some() != lon.is_some() {
            return Err(fault("lat", "write lat and lon, or neither".into()));
        }
        let place = self.text("place", 200)?;
        let is_known = place.is_some() || lat.is_some();
        Ok(is_known.then_some(Whereabouts { place, lat, lon, accuracy_m: None }))
    }

    /// Whose event it is has to be said where it is another's: two systems may number alike.
    fn continues(&self, what: What, by: PartyRef) -> Result<Option<Continues>, Fault> {
        let whose: Option<PartyRef> = self.parsed("continues_by")?;
        match (self.parsed("continues")?, self.text("continues_event", 100)?, whose) {
            (None, None, None) => Ok(None),
            (Some(entry), None, None) => Ok(Some(Continues::Entry(entry))),
            (Some(_), _, _) => Err(fault("continues", "name the entry or the event, not both".into())),
            (None, None, Some(_)) => Err(fault("continues_by", "write continues_event, too".into())),
            (None, Some(id), Some(by)) => Ok(Some(Continues::Event { id, by })),
            // An offer continues what the organisation has by itself, a withdrawal its own offer.
            (None, Some(id), None) if matches!(what, What::Offered | What::Withdrawn) => {
                Ok(Some(Continues::Event { id, by }))
            }
            (None, Some(_), None) => {
                Err(fault("continues_by", "write whose event it is: a GLN or an organisation's id".into()))
            }
        }
    }

    fn boxes(&self) -> Result<Vec<BoxNumber>, Fault> {
        let number = |text: &str| match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(fault("boxes", format!("`{}` is no number of a box, from 1", quoted(text)))),
        };
        let mut boxes: Vec<BoxNumber> = match self.0.get("boxes") {
            Some(Value::Array(all)) => {
                all.iter().map(|one| number(&one.to_string())).collect::<Result<_, _>>()?
            }
            _ => match self.raw("boxes")? {
                Some(text) => text.split_whitespace().map(number).collect::<Result<_, _>>()?,
                None => Vec::new(),
            },
        };
        boxes.sort_unstable();
        boxes.dedup();
        if boxes.len() > MOST_BOXES {
            return Err(fault("boxes", format!("name at most {MOST_BOXES}")));
        }
        Ok(boxes)
    }

    fn seals(&self, boxes: &[BoxNumber]) -> Result<Vec<SeenSeal>, Fault> {
        let mut seals = match self.0.get("seals") {
            Some(all @ Value::Array(_)) => serde_json::from_value(all.clone()).map_err(|_| {
                fault("seals", "write a list such as [{\"box\": 1, \"seal\": \"S-1\"}]".into())
            })?,
            _ => match self.raw("seals")? {
                Some(text) => text.split_whitespace().map(seal).collect::<Result<Vec<SeenSeal>, _>>()?,
                None => Vec::new(),
            },
        };
        let is_right = |seal: &SeenSeal| {
            let length = seal.seal.chars().count();
            (1..=100).contains(&length) && !seal.seal.chars().any(char::is_control)
        };
        if seals.len() > MOST_BOXES || !seals.iter().all(is_right) {
            return Err(fault("seals", format!("write at most {MOST_BOXES}, each of 1 to 100 characters")));
        }
        if let [only] = boxes {
            seals.iter_mut().for_each(|seal| seal.number = seal.number.or(Some(*only)));
        }
        Ok(seals)
    }
}

/// `1=S-1`, or `S-1` of the only box.
fn seal(text: &str) -> Result<SeenSeal, Fault> {
    let Some((number, seal)) = text.split_once('=') else {
        return Ok(SeenSeal { number: None, seal: text.to_owned() });
    };
    let number = number.parse().map_err(|_| fault("seals", format!("`{}` is not BOX=SEAL", quoted(text))))?;
    Ok(SeenSeal { number: Some(number), seal: seal.to_owned() })
}

impl FromStr for PartyRef {
    type Err = String;

    /// Thirteen digits are a GLN, fewer the id of an organisation.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() != 13
            && let Ok(id) = text.parse()
        {
            return Ok(Self::Id(OrganisationId(id)));
        }
        text.parse().map(Self::Gln).map_err(|error| error.to_string())
    }
}

impl std::fmt::Display for PartyRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{}", id.0),
            Self::Gln(gln) => write!(f, "{gln}"),
        }
    }
}

fn missing(field: &str) -> Fault {
    fault(field, "is missing: write it".into())
}

pub(super) fn fault(field: &str, reason: String) -> Fault {
    Fault { field: field.to_owned(), reason }
}

pub(super) fn quoted(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
