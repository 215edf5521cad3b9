//! `isotherm tracker provision`: identity and keys for a tracker, for whoever programs it and for those who must know it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use domain::DevEui;
use domain::label::{LabelFormat, TrackerLabel};
use serde_json::{Value, json};
use tracker::{KEYS_AT, Keys, Module, Region};

use crate::admin::{block_on, read_first_line};
use crate::api::Api;
use crate::simulate::region;
use crate::{Failure, print_json};

#[derive(clap::Subcommand)]
pub enum TrackerCommand {
    /// Makes the keys of a tracker, the page for its flash, its label, and what network servers take it in by
    ///
    /// The folder must not be there yet. Whoever has its files can pass for the tracker: remove them when they are used.
    ///
    /// Example: echo "$PASSWORD" | isotherm tracker provision --dev-eui 70B3D57E5E000001 --name "Cold box 17" --out cold-box-17 --service https://isotherm.example.org --email ops@example.org
    Provision(ProvisionOptions),
}

#[derive(clap::Args)]
pub struct ProvisionOptions {
    /// The DevEUI: on the module's label, or in the chip at 0x1fff7580
    #[arg(long, value_name = "EUI")]
    dev_eui: DevEui,
    /// Of the join server, where the network has one of its own
    #[arg(long, value_name = "EUI", default_value = "0000000000000000")]
    join_eui: DevEui,
    /// rak3172, rak3172-t or lora-e5
    #[arg(long, default_value = "rak3172", value_parser = module)]
    module: Module,
    /// eu868 or us915
    #[arg(long, default_value = "eu868", value_parser = region)]
    region: Region,
    /// The number of the thermometer's calibration certificate; 0 for none
    #[arg(long, value_name = "N", default_value_t = 0)]
    calibration: u32,
    /// Who made it and what it is, as the LoRa Alliance numbers them; FFFF is nobody's
    #[arg(long, value_name = "VVVVPPPP", default_value = "FFFF0001", value_parser = profile)]
    profile: (u16, u16),
    /// What people call it
    #[arg(long)]
    name: String,
    /// Where the files are written
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Registers the tracker there too, such as https://isotherm.example.org
    #[arg(long, value_name = "URL", requires = "email")]
    service: Option<String>,
    /// Of whoever registers it; the password is the first line of standard input
    #[arg(long, requires = "service")]
    email: Option<String>,
}

fn module(word: &str) -> Result<Module, String> {
    match word {
        "rak3172" => Ok(Module::Rak3172),
        "rak3172-t" => Ok(Module::Rak3172T),
        "lora-e5" => Ok(Module::LoraE5),
        _ => Err("rak3172, rak3172-t or lora-e5".to_owned()),
    }
}

fn profile(word: &str) -> Result<(u16, u16), String> {
    let wrong = || "write eight hexadecimal digits".to_owned();
    if word.len() != 8 {
        return Err(wrong());
    }
    let number = u32::from_str_radix(word, 16).map_err(|_| wrong())?;
    let [vendor, product] =
        [number >> 16, number & 0xffff].map(|half| u16::try_from(half).unwrap_or(u16::MAX));
    Ok((vendor, product))
}

pub fn run(options: &ProvisionOptions) -> Result<(), Failure> {
    let registrar = match (&options.service, &options.email) {
        (Some(url), Some(email)) => Some((url, email, read_first_line()?)),
        _ => None,
    };
    let label = TrackerLabel {
        name: options.name.trim().to_owned(),
        dev_eui: options.dev_eui,
        join_eui: options.join_eui,
        profile: options.profile,
    };
    if label.name.is_empty() || label.name.chars().count() > 200 {
        return Err(Failure::bad("--name: write 1 to 200 characters"));
    }
    let files = files(options, &label)?;
    write(&options.out, &files)?;
    if let Some((url, email, password)) = &registrar
        && let Err(error) = block_on(register(url, email, password, &label))
    {
        // Keys that nobody uses are not left lying about.
        let left = fs::remove_dir_all(&options.out).err();
        let left = left.map(|error| format!("; {} is left: {error}", options.out.display()));
        return Err(Failure { message: error.message + &left.unwrap_or_default(), ..error });
    }
    print_json(&json!({
        "dev_eui": label.dev_eui, "join_eui": label.join_eui, "name": label.name, "identification": label.identification(),
        "keys_at": format!("{KEYS_AT:#x}"), "registered": registrar.is_some(),
        "files": files.iter().map(|(name, _)| options.out.join(name)).collect::<Vec<_>>(),
    }))
}

/// What is written, by name.
fn files(options: &ProvisionOptions, label: &TrackerLabel) -> Result<[(&'static str, Vec<u8>); 5], Failure> {
    let keys = Keys {
        region: options.region,
        module: options.module,
        dev_eui: label.dev_eui.0.to_be_bytes(),
        join_eui: label.join_eui.0.to_be_bytes(),
        app_key: rand::random(),
        calibration: options.calibration,
    };
    let draw = |format| label::draw_tracker(label, format).map_err(Failure::bad);
    let text = |value: &Value| serde_json::to_vec_pretty(value).map_err(Failure::bad);
    Ok([
        ("keys.bin", keys.to_page().to_vec()),
        ("label.pdf", draw(LabelFormat::Pdf)?),
        ("label.png", draw(LabelFormat::Png)?),
        ("chirpstack.json", text(&chirpstack(&keys, label))?),
        ("the-things-stack.json", text(&the_things_stack(&keys, label))?),
    ])
}

/// The bodies of `POST /api/devices` and of `POST /api/devices/{devEui}/keys`; application and device profile are the reader's. In
/// LoRaWAN 1.0 ChirpStack keeps the AppKey as `nwkKey`.
fn chirpstack(keys: &Keys, label: &TrackerLabel) -> Value {
    json!({
        "device": {
            "name": label.name, "devEui": label.dev_eui, "joinEui": label.join_eui, "applicationId": "", "deviceProfileId": "",
        },
        "deviceKeys": { "devEui": label.dev_eui, "nwkKey": hex::encode(keys.app_key) },
    })
}

/// As its console imports it ("The Things Stack JSON").
fn the_things_stack(keys: &Keys, label: &TrackerLabel) -> Value {
    // The tracker chooses its data rate itself, and listens in its second window as its region has it, whatever it is told.
    let adr = json!({ "disabled": {} });
    let (plan, mac_settings) = match keys.region {
        Region::Eu868 => {
            let rx2 = json!({ "value": "DATA_RATE_0" });
            let settings =
                json!({ "adr": adr, "rx2_data_rate_index": rx2, "desired_rx2_data_rate_index": rx2 });
            ("EU_863_870_TTN", settings)
        }
        Region::Us915 => ("US_902_928_FSB_2", json!({ "adr": adr })),
    };
    json!({
        "ids": {
            "device_id": format!("isotherm-{}", label.dev_eui), "dev_eui": label.dev_eui, "join_eui": label.join_eui,
        },
        "name": label.name, "supports_join": true, "frequency_plan_id": plan,
        "lorawan_version": "MAC_V1_0_4", "lorawan_phy_version": "RP002_V1_0_4",
        "mac_settings": mac_settings,
        "root_keys": { "app_key": { "key": hex::encode_upper(keys.app_key) } },
    })
}

/// Into a folder that was not there, for the eyes of whoever calls alone.
fn write(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| Failure::bad(format!("{path}: {error}"))
    };
    fs::create_dir(folder).map_err(failed(folder))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed(&path))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(&path))?;
    }
    Ok(())
}

async fn register(url: &str, email: &str, password: &str, label: &TrackerLabel) -> Result<(), Failure> {
    let url = url.trim_end_matches('/');
    let failed = |error: anyhow::Error| Failure::bad(format!("{url} does not register it: {error:#}"));
    let api = Api::log_in(url, email, password).await.map_err(failed)?;
    let tracker =
        json!({ "dev_eui": label.dev_eui, "name": label.name, "codec": "isotherm", "interval_s": 300 });
    api.post("trackers", &tracker).await.map(drop).map_err(failed)
}
