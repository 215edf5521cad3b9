//! `isotherm tracker provision` without a service.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::{Folder, isotherm, printed, refused};

fn call(folder: &str, more: &[&str]) -> std::process::Output {
    let call =
        ["tracker", "provision", "--dev-eui", "70B3D57E5E000001", "--name", "Cold box 17", "--out", folder];
    isotherm(&[&call[..], more].concat(), "")
}

#[test]
fn it_writes_one_key_for_the_chip_and_for_the_network_servers() {
    let parent = Folder::new("provision");
    let folder = format!("{}/box", parent.path());
    let more = ["--module", "lora-e5", "--region", "us915", "--calibration", "77", "--profile", "0ABC1234"];
    let told = printed(&call(&folder, &more));
    assert_eq!(told["identification"], "LW:D0:0000000000000000:70B3D57E5E000001:0ABC1234");
    assert_eq!((&told["keys_at"], &told["registered"]), (&"0x803f800".into(), &false.into()));

    let page = fs::read(format!("{folder}/keys.bin")).unwrap();
    assert_eq!(page[..16], *b"ISOK\x01\x01\x01\x00\x70\xb3\xd5\x7e\x5e\x00\x00\x01");
    assert_eq!(page[40..44], [0, 0, 0, 77]);
    let key: String = page[24..40].iter().map(|byte| format!("{byte:02x}")).collect();
    let json = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(format!("{folder}/{name}")).unwrap()).unwrap()
    };
    let (chirpstack, things) = (json("chirpstack.json"), json("the-things-stack.json"));
    assert_eq!(chirpstack["deviceKeys"]["nwkKey"], key.as_str());
    assert_eq!(chirpstack["device"]["devEui"], "70b3d57e5e000001");
    assert_eq!(things["root_keys"]["app_key"]["key"], key.to_uppercase());
    assert_eq!(things["frequency_plan_id"], "US_902_928_FSB_2");
    assert!(fs::read(format!("{folder}/label.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(fs::read(format!("{folder}/label.pdf")).unwrap().starts_with(b"%PDF"));
    for file in told["files"].as_array().unwrap() {
        let mode = fs::metadata(file.as_str().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    // What it prints can be shown to anybody.
    assert!(!told.to_string().contains(&key) && !told.to_string().contains(&key.to_uppercase()));

    let other = format!("{}/other", parent.path());
    printed(&call(&other, &[]));
    assert_ne!(fs::read(format!("{other}/keys.bin")).unwrap()[24..40], page[24..40], "another key each time");
}

#[test]
fn a_folder_that_is_there_is_never_written_to() {
    let folder = Folder::new("provision-twice");
    let line = refused(&call(folder.path(), &[]));
    assert!(line.contains(folder.path()) && line.contains("exists"), "{line}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_service_that_is_not_there_leaves_no_keys() {
    let parent = Folder::new("provision-away");
    let folder = format!("{}/box", parent.path());
    let line = refused(&call(&folder, &["--service", "http://127.0.0.1:9", "--email", "a@example.org"]));
    assert!(line.contains("http://127.0.0.1:9 does not register it"), "{line}");
    assert!(!fs::exists(&folder).unwrap());
}

#[test]
fn wrong_arguments_are_refused() {
    let parent = Folder::new("provision-wrong");
    let folder = format!("{}/box", parent.path());
    for (more, expected) in [
        (&["--profile", "12"][..], "eight hexadecimal digits"),
        (&["--module", "stm32"], "rak3172"),
        (&["--service", "http://127.0.0.1:9"], "--email"),
    ] {
        let line = refused(&call(&folder, more));
        assert!(line.contains(expected), "{line}");
    }
    assert!(!fs::exists(&folder).unwrap());
}
