//! One that is read by what its network server's decoder makes of the payload.

use chrono::Duration;
use e2e::warm::now;
use e2e::{fleet, folder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::House;

const NOT_OURS: (u8, &[u8]) = (2, &[0xcb, 0xf6]);

fn mapping(pointer: &str) -> Value {
    json!({
        "temperature": { "pointer": pointer, "unit": "celsius" },
        "humidity": { "pointer": "/Hum_SHT", "unit": "percent" },
        "battery": { "pointer": "/BatV", "unit": "volt" },
    })
}

#[tokio::test]
async fn a_tracker_is_read_by_its_mapping_from_the_object_to_the_alert() {
    let folder = folder("owned");
    let house = House::start(&folder.path().join("d")).await;
    let now = now(&house.api).await;
    let at = |minutes_ago: i64| now - Duration::minutes(minutes_ago);
    let object = |temperature: &str| json!({ "TempC_SHT": temperature, "Hum_SHT": 51.3, "BatV": 3.05 });
    // Before it is registered, with the object that is kept until then.
    house.hear(1, at(60), NOT_OURS, &object("9.055")).await;
    house.hear(2, at(45), NOT_OURS, &object("9.05")).await;
    house.problems([Some("the tracker is not registered"); 2]).await;

    let wrong = house.ship(&json!({ "codec": "mapped", "mapping": mapping("/Temp") })).await;
    house.hear(3, at(30), NOT_OURS, &object("9.05")).await;
    let told = "temperature: the pointer /Temp points to nothing in the decoded object";
    house.problems([Some(told); 3]).await;

    // Corrected: what could not be read is read anew, and the ride that is under way is judged by it.
    let path = format!("/trackers/{}", house.dev_eui);
    let change = json!({ "mapping": mapping("/TempC_SHT") });
    let changed = house.api.send(Method::PATCH, &path, Some(&change)).await.ok();
    assert_eq!((&changed["codec"], &changed["mapping"]), (&json!("mapped"), &mapping("/TempC_SHT")));
    let text = |minutes_ago| fleet::text(at(minutes_ago))[..19].to_owned() + "Z";
    assert_eq!(house.readings(&wrong, 3).await, [(text(60), 9.06), (text(45), 9.05), (text(30), 9.05)]);
    assert_eq!(house.alert(&wrong, "temperature_high").await["extreme_c"], 9.06);
    house.problems([None; 3]).await;
    house.hear(4, at(15), NOT_OURS, &object("9.2")).await;
    assert_eq!(house.readings(&wrong, 4).await[3], (text(15), 9.2));
    assert_eq!(house.api.get(&path).await["interval_s"], 900, "what a change does not name stays");
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused_with_what_is_wrong() {
    let folder = folder("owned");
    let house = House::start(&folder.path().join("d")).await;
    let tracker = |settings: Value| {
        let mut tracker = json!({ "dev_eui": house.dev_eui, "name": "logger" });
        tracker.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        tracker
    };
    let unit = json!({ "temperature": { "pointer": "/t", "unit": "rankine" } });
    let pointer = json!({ "temperature": { "pointer": "TempC", "unit": "celsius" } });
    let half = json!({ "temperature": { "pointer": "/t", "unit": "celsius" },
        "latitude": { "pointer": "/lat", "unit": "degrees" } });
    for (settings, told) in [
        (json!({ "codec": "pigeon" }), "codec: `pigeon` is not a known codec"),
        (json!({ "codec": "mapped" }), "mapping: say where the decoded object has the temperature"),
        (json!({ "codec": "isotherm", "mapping": mapping("/t") }), "mapping: the codec isotherm takes none"),
        (json!({ "codec": "mapped", "mapping": unit }), "rankine"),
        (json!({ "codec": "mapped", "mapping": pointer }), "`TempC` does not begin with a slash"),
        (json!({ "codec": "mapped", "mapping": half }), "mapping: a position has both"),
        (json!({ "codec": "isotherm", "interval_s": 0 }), "interval_s: write 1 to 86400 seconds"),
    ] {
        let refused = house.api.send(Method::POST, "/trackers", Some(&tracker(settings.clone()))).await;
        assert!(
            [400, 422].contains(&refused.status) && refused.body.contains(told),
            "{settings}: {refused:?}"
        );
    }
    house.api.post("/trackers", &tracker(json!({ "codec": "mapped", "mapping": mapping("/t") }))).await;
    let path = format!("/trackers/{}", house.dev_eui);
    let taken = json!({ "codec": "isotherm", "mapping": mapping("/t") });
    assert_eq!(house.api.send(Method::PATCH, &path, Some(&taken)).await.status, 422);
    // Another codec ends the mapping.
    let ours = house.api.send(Method::PATCH, &path, Some(&json!({ "codec": "isotherm" }))).await.ok();
    assert_eq!((&ours["codec"], &ours["mapping"]), (&json!("isotherm"), &Value::Null));
    let without = house.api.send(Method::PATCH, &path, Some(&json!({ "codec": "mapped" }))).await;
    assert_eq!(without.status, 422, "{without:?}");
}
