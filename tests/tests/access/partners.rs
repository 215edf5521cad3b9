//! A tenant's partners and their people: who sees whom, and that a disabled user counts no more at once.

use e2e::{Answer, Api, Installation, Part, Program, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::events::listen;
use crate::library::{shipped, start, user};

pub const PASSWORD: &str = "a long password";

/// A partner of that kind and name.
pub async fn partner(admin: &Api, kind: &str, name: &str) -> i64 {
    let made = admin.post("/organisations", &json!({ "kind": kind, "name": name })).await;
    assert_eq!(
        (&made["kind"], &made["name"], &made["is_tenant"]),
        (&json!(kind), &json!(name), &json!(false))
    );
    made["id"].as_i64().unwrap()
}

/// A request for a user.
pub fn wanted(email: &str, role: &str, organisation: Option<i64>) -> Value {
    let mut wanted = json!({ "email": email, "role": role, "password": PASSWORD });
    if let Some(organisation) = organisation {
        wanted["organisation"] = json!(organisation);
    }
    wanted
}

/// A user of the partner, logged in.
pub async fn partners_user(admin: &Api, program: &Program, partner: i64, email: &str, role: &str) -> Api {
    admin.post("/users", &wanted(email, role, Some(partner))).await;
    program.api().log_in(email, PASSWORD).await
}

async fn post(api: &Api, path: &str, body: Value) -> Answer {
    api.send(Method::POST, path, Some(&body)).await
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

fn names(listed: &[Value]) -> Vec<&str> {
    listed.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_tenants_partners_are_its_own_and_each_partner_sees_itself() {
    let (installation, program, _kept) = start("partners").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let coordinator = user(&installation, &program, "north", "coordinator").await;
    let stranger = user(&installation, &program, "south", "admin").await;
    let carrier = partner(&coordinator, "carrier", "Carrier").await;
    let clinic = partner(&admin, "consignee", "Clinic").await;
    // Another tenant's may have the same name.
    let theirs = partner(&stranger, "carrier", "Carrier").await;

    let gln = |gln: &str| json!({ "kind": "consignee", "name": "Clinic", "gln": gln });
    let path = format!("/organisations/{clinic}");
    let refused = post(&admin, &path, gln("9506000134308")).await;
    assert_eq!(refused.status, 422);
    assert!(
        detail(&refused).starts_with("gln: `9506000134308` is no GLN: its last digit is 8 and would be 7"),
        "{refused:?}"
    );
    assert_eq!(admin.post(&path, &gln("9506000134307")).await["gln"], "9506000134307");
    let taken = post(&admin, &path, json!({ "kind": "carrier", "name": "Carrier" })).await;
    assert_eq!(
        (taken.status, detail(&taken)),
        (409, "name: an organisation Carrier exists already".to_owned())
    );
    let wrong = post(&admin, "/organisations", json!({ "kind": "bank", "name": "Bank" })).await;
    assert_eq!((wrong.status, detail(&wrong).starts_with("kind: `bank`")), (422, true));

    assert_eq!(names(&admin.list("/organisations").await), ["north", "Carrier", "Clinic"]);
    assert_eq!(names(&stranger.list("/organisations").await), ["south", "Carrier"]);
    let dispatcher = partners_user(&admin, &program, carrier, "d@carrier.example", "dispatcher").await;
    let own = dispatcher.list("/organisations").await;
    assert_eq!((names(&own), &own[0]["id"]), (vec!["Carrier"], &json!(carrier)));
    for (who, foreign) in
        [(&dispatcher, clinic), (&dispatcher, theirs), (&admin, theirs), (&stranger, clinic)]
    {
        let seen = who.send(Method::GET, &format!("/organisations/{foreign}"), None).await;
        assert_eq!((seen.status, detail(&seen)), (404, "there is no such organisation".to_owned()));
        let changed = post(who, &format!("/organisations/{foreign}"), gln("9506000134307")).await;
        assert!([403, 404].contains(&changed.status), "{changed:?}");
    }
    let audit =
        "select string_agg(action, ' ' order by id) from audit_entries where action like 'organisation.%'";
    let actions = testkit::postgres::psql(&installation.database_url(), audit).unwrap();
    assert_eq!(actions.matches("organisation.added").count(), 3);
    assert_eq!(actions.matches("organisation.changed").count(), 1);
}

#[tokio::test]
async fn an_admin_makes_users_of_the_own_circle_alone_and_each_with_a_role_that_fits() {
    let (installation, program, _kept) = start("users").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let stranger = user(&installation, &program, "south", "admin").await;
    let carrier = partner(&admin, "carrier", "Carrier").await;
    let theirs = partner(&stranger, "carrier", "Carrier").await;
    let south = stranger.list("/organisations").await[0]["id"].as_i64().unwrap();

    for (organisation, role, status, says) in [
        (Some(theirs), "courier", 422, "organisation: there is no such organisation"),
        (Some(south), "admin", 422, "role: admin acts for the tenant"),
        (Some(south), "courier", 422, "organisation: there is no such organisation"),
        (Some(i64::from(i32::MAX)), "courier", 422, "organisation: there is no such organisation"),
        (Some(carrier), "admin", 422, "role: admin acts for the tenant"),
        (Some(carrier), "quality", 422, "role: quality acts for the tenant"),
        (None, "dispatcher", 422, "role: dispatcher is a partner's"),
        (None, "root", 422, "role: `root` is no role"),
    ] {
        let refused = post(&admin, "/users", wanted("x@x.example", role, organisation)).await;
        assert_eq!(refused.status, status, "{role} of {organisation:?}: {refused:?}");
        assert!(detail(&refused).starts_with(says), "{role} of {organisation:?}: {refused:?}");
    }
    for (email, password, says) in [
        ("no address", PASSWORD, "email: "),
        ("x@x.example", "1234567", "password: the password has fewer than 8 characters"),
    ] {
        let refused =
            post(&admin, "/users", json!({ "email": email, "role": "packer", "password": password })).await;
        assert_eq!((refused.status, detail(&refused).starts_with(says)), (422, true), "{refused:?}");
    }
    let mut named = wanted("Carla@Carrier.example", "courier", Some(carrier));
    named["name"] = json!("Carla Courier");
    let made = admin.post("/users", &named).await;
    assert_eq!((&made["email"], &made["name"]), (&json!("carla@carrier.example"), &json!("Carla Courier")));
    let taken = post(&stranger, "/users", wanted("carla@carrier.example", "packer", None)).await;
    assert_eq!(taken.status, 409, "an address is one person's");
    assert_eq!(detail(&taken), "email: a user carla@carrier.example exists already");
    let packer = admin.post("/users", &wanted("p@north.example", "packer", None)).await;
    assert_eq!((&packer["name"], &packer["organisation_name"]), (&json!("p@north.example"), &json!("north")));

    let carla = program.api().log_in("carla@carrier.example", PASSWORD).await;
    let me = carla.get("/me").await;
    assert_eq!((&me["organisation"], &me["of_tenant"]), (&json!("Carrier"), &json!(false)));
    assert_eq!(admin.get("/me").await["of_tenant"], json!(true));
    let profile = &shipped(&admin).await[0];
    admin.post("/shipments", &json!({ "reference": "S-1", "profile": profile["id"] })).await;
    assert_eq!(carla.list("/shipments").await, [Value::Null; 0], "no shipment is the carrier's matter yet");
    let auditor = partners_user(&admin, &program, carrier, "a@carrier.example", "auditor").await;
    assert_eq!(auditor.list("/users").await.len(), 2, "the carrier's own");
    let of_carrier = format!("/users?organisation={carrier}");
    assert_eq!((admin.list("/users").await.len(), admin.list(&of_carrier).await.len()), (4, 2));
    assert_eq!(stranger.list(&of_carrier).await, [Value::Null; 0]);
    let kept = "select count(*) from audit_entries where detail::text like '%password%'";
    let kept = testkit::postgres::psql(&installation.database_url(), kept).unwrap();
    assert_eq!(kept.trim(), "0");
}

/// Another program on the same database, which knows the same tokens.
pub async fn second(installation: &Installation) -> Program {
    let data = installation.data().with_file_name("second");
    std::fs::create_dir_all(&data).unwrap();
    for key in ["token.key", "badge.key"] {
        std::fs::copy(installation.data().join(key), data.join(key)).unwrap();
    }
    let other = Installation::embedded(&data).with("ISOTHERM_DATABASE__URL", &installation.database_url());
    other.start(Part::Serve).await
}

#[tokio::test]
async fn a_disabled_user_counts_no_more_at_once_and_in_every_process() {
    let (installation, program, _kept) = start("disabled").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let coordinator = user(&installation, &program, "north", "coordinator").await;
    let stranger = user(&installation, &program, "south", "admin").await;
    let second = second(&installation).await;
    let me = coordinator.get("/me").await;
    let path = format!("/users/{}/disable", me["id"].as_str().unwrap());
    let reason = json!({ "reason": "left the company" });

    assert_eq!(post(&stranger, &path, reason.clone()).await.status, 404);
    assert_eq!(post(&coordinator, &path, reason.clone()).await.status, 403);
    let own = format!("/users/{}/disable", admin.get("/me").await["id"].as_str().unwrap());
    assert_eq!(post(&admin, &own, reason.clone()).await.status, 422, "somebody must be left");
    let status = async |program: &Program, token: &str| {
        let url = format!("{}/api/v1/me", program.url);
        reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    let token = coordinator.token();
    assert_eq!((status(&program, token).await, status(&second, token).await), (200, 200));
    let stream = listen(&program, token).await;

    let disabled = admin.post(&path, &reason).await;
    assert!(disabled["disabled_at"].is_string(), "{disabled}");
    assert_eq!(status(&program, token).await, 401, "at the very next request");
    until("the other process hears of it", async || (status(&second, token).await == 401).then_some(()))
        .await;
    assert_eq!(post(&admin, &path, reason).await.status, 409);
    let login = json!({ "email": me["email"], "password": PASSWORD });
    assert_eq!(post(&program.api(), "/login", login).await.status, 401);
    // What happens afterwards is told to nobody who was disabled.
    let tracker = json!({ "dev_eui": e2e::fleet::dev_eui(1), "name": "box", "codec": "isotherm" });
    let heard = stream.lock().unwrap().len();
    let others = listen(&program, admin.token()).await;
    admin.post("/trackers", &tracker).await;
    until("others hear of it", async || others.lock().unwrap().contains("event: tracker").then_some(()))
        .await;
    assert_eq!(stream.lock().unwrap().len(), heard);

    assert!(program.stop());
    let again = installation.start(Part::Serve).await;
    assert_eq!(status(&again, token).await, 401, "from the first request on");
    assert_eq!(status(&again, admin.token()).await, 200);
}
