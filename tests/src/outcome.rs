//! What came of a fleet's webhooks, as far as it must not depend on how they came.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::Api;

/// Every reading, assessment and alert as a line of its own. Without silence, which goes by the clock of the test.
#[derive(Debug)]
pub struct Outcome {
    lines: BTreeSet<String>,
    /// How many alerts there are of each kind, severity and state.
    pub alerts: BTreeMap<String, usize>,
}

impl Outcome {
    /// Asks the API for it.
    pub async fn of(api: &Api) -> Self {
        let mut outcome = Self { lines: BTreeSet::new(), alerts: BTreeMap::new() };
        for shipment in api.list("/shipments").await {
            outcome.add_shipment(api, &shipment).await;
        }
        for alert in api.list("/alerts?state=all").await {
            outcome.add_alert(&alert);
        }
        outcome
    }

    /// Alerts of that state, of every kind and severity.
    pub fn alerts_that_are(&self, state: &str) -> usize {
        self.alerts.iter().filter(|(name, _)| name.ends_with(state)).map(|(_, count)| count).sum()
    }

    /// Fails with the first differences.
    pub fn assert_same(&self, other: &Self, how: &str) {
        let (here, there) = (&self.lines, &other.lines);
        let missing: Vec<_> = here.difference(there).collect();
        let surplus: Vec<_> = there.difference(here).collect();
        let first =
            |lines: &[&String]| lines.iter().take(10).map(|line| format!("\n  {line}")).collect::<String>();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{how}: {} lines are missing:{}\nand {} should not be there:{}",
            missing.len(),
            first(&missing),
            surplus.len(),
            first(&surplus)
        );
    }

    async fn add_shipment(&mut self, api: &Api, shipment: &Value) {
        let (reference, id) = (&shipment["reference"], shipment["id"].as_str().unwrap());
        // From the fold that is kept, while the assessment below is made anew from all readings.
        let fold =
            ["assessment", "on_hold", "hold_reason", "last_reading"].map(|field| shipment[field].to_string());
        let coverage = &shipment["coverage"];
        let (inside, outside) = (&coverage["in_range_s"], &coverage["out_of_range_s"]);
        self.add(format!("shipment {reference} {} {inside} s and {outside} s", fold.join(" ")));
        for reading in api.list(&format!("/shipments/{id}/readings")).await {
            self.add(format!("reading {reference} {reading}"));
        }
        let assessment = api.get(&format!("/shipments/{id}/assessment")).await;
        for ride in assessment["trackers"].as_array().unwrap() {
            self.add(format!("assessment {reference} {}", settled(ride.clone())));
        }
    }

    fn add_alert(&mut self, alert: &Value) {
        if alert["kind"] == "silence" {
            return;
        }
        let word = |field: &str| alert[field].as_str().unwrap();
        let name = format!("{} {} {}", word("kind"), word("severity"), word("state"));
        *self.alerts.entry(name).or_default() += 1;
        if !["merged", "withdrawn"].contains(&word("state")) {
            let fields =
                ["kind", "shipment_reference", "severity", "alarm", "began_at", "alarmed_at", "ended_at"];
            self.add(format!("alert {}", fields.map(|field| alert[field].to_string()).join(" ")));
        }
    }

    fn add(&mut self, line: String) {
        assert!(!self.lines.contains(&line), "twice: {line}");
        self.lines.insert(line);
    }
}

/// An assessment without what grows with the clock: after the last reading everything is unknown, up to now.
fn settled(mut ride: Value) -> Value {
    let unknown_s = ride["coverage"]["unknown_s"].as_i64().unwrap();
    ride["to"] = Value::Null;
    ride["coverage"]["unknown_s"] = Value::Null;
    ride["gaps"].as_array_mut().unwrap().last_mut().unwrap()["to"] = Value::Null;
    for exposure in ride["exposures"].as_array_mut().unwrap() {
        // An unknown second counts in the worst case, so that the difference stands still.
        exposure["total_worst_s"] = json!(exposure["total_worst_s"].as_i64().unwrap() - unknown_s);
    }
    ride
}
