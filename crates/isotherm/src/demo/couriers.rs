//! The demonstration's handovers: couriers pick boxes up and hand them over as the demonstration's clock goes on; four of
//! them go wrong.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Duration, Utc};
use domain::access::Role;
use serde_json::{Value, json};
use simulator::City;
use tokio::sync::watch;
use tracking::credentials::new_token;

use super::people::Login;
use crate::api::{Api, id_of};
use crate::clock::Clock;

/// How often it is looked whether somebody has something to do, by the machine's clock.
const TICK: std::time::Duration = std::time::Duration::from_millis(500);

/// A shipment on its way, as the couriers know it.
pub struct Way {
    pub shipment: String,
    pub from: City,
    pub to: City,
    pub departs_at: DateTime<Utc>,
    pub arrives_at: DateTime<Utc>,
}

/// What becomes of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// So long after the offer.
    Accepted(Duration),
    Refused,
    /// Nobody comes.
    Missed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Offer,
    Answer,
}

/// One handover; `next` is what is to be done now.
struct Handover {
    shipment: String,
    /// Of the whole way, where it is the first one: made just before, for boxes that should have been picked up hours ago
    /// would be missed at once.
    plan: Option<Value>,
    at: DateTime<Utc>,
    from: usize,
    to: usize,
    answer: Answer,
    next: Step,
}

/// Somebody of an organisation.
struct Person {
    organisation: i64,
    api: Api,
}

const CONSIGNOR: usize = 0;
const CARRIER: usize = 1;
const STRANGER: usize = 2;
const PHARMACY: usize = 3;

/// The people, and what they have to do.
pub struct Couriers {
    office: Api,
    people: Vec<Person>,
    handovers: Vec<Handover>,
}

/// Makes the partners and their people, and plans the handovers of these shipments.
pub async fn make(url: &str, admin: &Login, packer: &Login, ways: Vec<Way>) -> anyhow::Result<Couriers> {
    let api = admin.log_in(url).await?;
    let since = ways.iter().map(|way| way.departs_at).min().context("no shipments")? - Duration::days(90);
    let organisations = api.get("organisations").await?;
    let items = organisations.get("items").and_then(Value::as_array).context("no organisations")?;
    let own = items.iter().find(|one| one.get("is_tenant") == Some(&Value::Bool(true)));
    let own = own.and_then(number).context("the own organisation is missing")?;
    let mut people = vec![Person { organisation: own, api: packer.log_in(url).await? }];
    for (name, kind, role) in [
        ("Demo Cool Carrier", "carrier", Role::Courier),
        ("Demo Other Carrier", "carrier", Role::Courier),
        ("Demo Hospital Pharmacy", "consignee", Role::Receiver),
    ] {
        people.push(person(url, &api, (name, kind, role), since).await?);
    }
    let mut places = Places::default();
    let mut handovers = Vec::new();
    for (index, way) in ways.into_iter().enumerate() {
        let plan = plan(&api, &people, &way, &mut places).await?;
        handovers.extend(planned(index, way, plan));
    }
    Ok(Couriers { office: api, people, handovers })
}

/// By the city's name.
type Places = BTreeMap<&'static str, String>;

/// By the carrier from city to city, with half an hour at both ends.
async fn plan(office: &Api, people: &[Person], way: &Way, places: &mut Places) -> anyhow::Result<Value> {
    for city in [way.from, way.to] {
        if !places.contains_key(city.name) {
            let centre = json!({ "lat": city.lat, "lon": city.lon });
            let place =
                json!({ "name": city.name, "fence": { "circle": { "centre": centre, "radius_m": 500 } } });
            places.insert(city.name, id_of(&office.post("places", &place).await?)?.to_owned());
        }
    }
    let party = |index: usize| people.get(index).map(|person| person.organisation);
    let window =
        |at: DateTime<Utc>| json!({ "from": at - Duration::minutes(30), "to": at + Duration::minutes(30) });
    let leg = json!({
        "from": places.get(way.from.name), "to": places.get(way.to.name), "carrier": party(CARRIER),
        "pick_up": window(way.departs_at), "delivery": window(way.arrives_at),
    });
    Ok(json!({ "consignee": party(PHARMACY), "legs": [leg] }))
}

/// Under contract and trained since then.
async fn person(
    url: &str,
    admin: &Api,
    (name, kind, role): (&str, &str, Role),
    since: DateTime<Utc>,
) -> anyhow::Result<Person> {
    let made = admin.post("organisations", &json!({ "name": name, "kind": kind })).await?;
    let organisation = number(&made).context("an organisation has no id")?;
    let word = name.replace(' ', "-").to_lowercase();
    let login = Login { role, email: format!("{role}@{word}.example"), password: new_token() };
    let user = json!({
        "email": login.email, "role": role, "password": login.password, "organisation": organisation,
        "name": format!("{name}, {role}"),
    });
    let user = admin.post("users", &user).await?;
    let contract = json!({ "title": "Medicines, 2 to 8 °C", "from": since });
    admin.post(&format!("organisations/{organisation}/contracts"), &contract).await?;
    let training = json!({ "topic": "gdp", "from": since });
    admin.post(&format!("users/{}/trainings", id_of(&user)?), &training).await?;
    Ok(Person { organisation, api: login.log_in(url).await? })
}

fn number(answer: &Value) -> Option<i64> {
    answer.get("id")?.as_i64()
}

/// The pick-up and the delivery of a shipment. The second one is missed, the seventh is late, the tenth goes to somebody
/// who was not to have it, and the eleventh is refused at its end.
fn planned(index: usize, way: Way, plan: Value) -> [Handover; 2] {
    let soon = Answer::Accepted(Duration::minutes(5));
    let (carrier, picked_up) = match index {
        1 => (CARRIER, Answer::Missed),
        6 => (CARRIER, Answer::Accepted(Duration::minutes(70))),
        9 => (STRANGER, soon),
        _ => (CARRIER, soon),
    };
    let delivered = if index == 10 { Answer::Refused } else { soon };
    let handover = |plan, at, from, to, answer| Handover {
        shipment: way.shipment.clone(),
        plan,
        at,
        from,
        to,
        answer,
        next: Step::Offer,
    };
    [
        handover(Some(plan), way.departs_at, CONSIGNOR, carrier, picked_up),
        handover(None, way.arrives_at, carrier, PHARMACY, delivered),
    ]
}

/// Does what is due until the demonstration ends.
pub async fn run(mut couriers: Couriers, clock: Clock, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = clock();
        let Couriers { office, people, handovers } = &mut couriers;
        let mut left = Vec::new();
        for mut handover in std::mem::take(handovers) {
            match handover.act_until(now, office, people).await {
                Ok(true) => {}
                Ok(false) => left.push(handover),
                // Somebody else was there first, in the browser: this one has nothing to do any more.
                Err(error) => tracing::info!(%error, "a courier gives up"),
            }
        }
        *handovers = left;
    }
}

impl Handover {
    fn due(&self) -> DateTime<Utc> {
        match (self.next, self.answer) {
            (Step::Answer, Answer::Accepted(after)) => self.at + after,
            _ => self.at,
        }
    }

    /// Whether it is over with what was due by then.
    async fn act_until(
        &mut self,
        now: DateTime<Utc>,
        office: &Api,
        people: &[Person],
    ) -> anyhow::Result<bool> {
        while self.due() <= now {
            let before = self.next;
            if self.act(office, people).await? {
                return Ok(true);
            }
            if self.next == before {
                break;
            }
        }
        Ok(false)
    }

    /// Whether it is over with that.
    async fn act(&mut self, office: &Api, people: &[Person]) -> anyhow::Result<bool> {
        let someone = |index: usize| people.get(index).context("nobody is there");
        let (from, to) = (someone(self.from)?, someone(self.to)?);
        let path = |act: &str| format!("shipments/{}/custody/{act}", self.shipment);
        if self.next == Step::Offer {
            let shown = from.api.get(&format!("shipments/{}", self.shipment)).await?;
            // What nobody has measured yet would be taken into quarantine.
            if shown.get("last_reading").is_none_or(Value::is_null) {
                return Ok(false);
            }
            if let Some(plan) = self.plan.take() {
                office.post(&format!("shipments/{}/legs", self.shipment), &plan).await?;
            }
            let offer =
                json!({ "to": { "organisation": to.organisation }, "at": self.at, "condition": "intact" });
            from.api.post(&path("offer"), &offer).await?;
            self.next = Step::Answer;
            return Ok(self.answer == Answer::Missed);
        }
        match self.answer {
            Answer::Missed => {}
            Answer::Refused => {
                let refusal =
                    json!({ "reason": "The outer box is wet", "condition": "wet", "at": self.due() });
                to.api.post(&path("refuse"), &refusal).await?;
            }
            Answer::Accepted(_) => {
                let shown = to.api.get(&format!("shipments/{}", self.shipment)).await?;
                let quarantine = shown.get("on_hold") == Some(&Value::Bool(true));
                let accept = json!({ "quarantine": quarantine, "condition": "intact", "at": self.due() });
                to.api.post(&path("accept"), &accept).await?;
            }
        }
        Ok(true)
    }
}

/// What the couriers know of a shipment that was made.
pub fn way(
    made: &Value,
    (from, to): (City, City),
    departs_at: DateTime<Utc>,
    takes: Duration,
) -> anyhow::Result<Way> {
    Ok(Way { shipment: id_of(made)?.to_owned(), from, to, departs_at, arrives_at: departs_at + takes })
}
