//! A box with a tracker in it, from its button on: each uplink that the network hears is a line of JSON.
//!
//! `box IMAGE BEGINS TEMPERATURE:SECONDS…`: the image's path, Unix seconds of a full minute, and how warm the box is for how
//! long, in 0.01 °C.

use std::error::Error;
use std::fs;

use emulator::rig::{DEV_EUI, Rig};
use emulator::{Frame, HZ, Image};
use tracker::Region;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, begins, stretches @ ..] = &arguments[..] else {
        return Err("box IMAGE BEGINS TEMPERATURE:SECONDS…".into());
    };
    let (image, begins) = (Image::read(&fs::read(image)?)?, begins.parse()?);
    let mut rig = Rig::with(&image, Region::Eu868, 1).beginning(begins);
    rig.press();
    let mut until = 0;
    for stretch in stretches {
        let (temperature, seconds) = stretch.split_once(':').ok_or("TEMPERATURE:SECONDS")?;
        let temperature = temperature.parse()?;
        rig.sensors(|sensors| sensors.temperature = Some(temperature));
        until += seconds.parse::<u64>()? * HZ;
        rig.run_for(until.saturating_sub(rig.now()));
    }
    // What the MAC says alone is the network server's own.
    for frame in rig.network.frames.iter().filter(|frame| frame.port > 0) {
        println!("{}", line(begins, frame));
    }
    Ok(())
}

/// Numbers and hexadecimal digits only, so nothing needs to be escaped. `at` is in Unix seconds.
fn line(begins: u64, frame: &Frame) -> String {
    let Frame { at, spreading_factor, f_cnt, port, payload, confirmed, .. } = frame;
    let at = begins + at / HZ;
    let (dev_eui, payload) = (hex(&DEV_EUI), hex(payload));
    format!(
        r#"{{"at":{at},"dev_eui":"{dev_eui}","f_cnt":{f_cnt},"port":{port},"payload":"{payload}","confirmed":{confirmed},"spreading_factor":{spreading_factor}}}"#
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
