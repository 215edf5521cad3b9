//! A LoRaWAN 1.0.4 network server with one device, written from the specification and not with the stack that the firmware has.

use std::collections::VecDeque;

use aes::Aes128;
use aes::cipher::{BlockDecrypt as _, BlockEncrypt as _, KeyInit as _};
use cmac::{Cmac, Mac as _};

use crate::HZ;
use crate::radio::{Downlink, Uplink};

/// To the first receive window, in cycles.
const RX1: u64 = HZ;
const JOIN_RX1: u64 = 5 * HZ;
const DEV_ADDR: [u8; 4] = [0x26, 0x01, 0x12, 0x34];

/// What a device sent, decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Cycles at its end.
    pub at: u64,
    pub spreading_factor: u8,
    pub f_cnt: u32,
    pub port: u8,
    pub payload: Vec<u8>,
    pub confirmed: bool,
    /// Answers of the MAC.
    pub options: Vec<u8>,
}

struct Session {
    network: [u8; 16],
    application: [u8; 16],
    f_up: Option<u32>,
    f_down: u32,
}

pub struct Network {
    app_key: [u8; 16],
    session: Option<Session>,
    /// Of the last join: networks take only higher ones.
    pub nonce: Option<u16>,
    /// What waits for the device: port and payload.
    pub queue: VecDeque<(u8, Vec<u8>)>,
    pub frames: Vec<Frame>,
    /// What was not understood, and why.
    pub refused: Vec<&'static str>,
    /// The last downlink as it was on the air, for whoever records it.
    pub last: Option<Vec<u8>>,
}

impl Network {
    pub fn new(app_key: [u8; 16]) -> Self {
        Self {
            app_key,
            session: None,
            nonce: None,
            queue: VecDeque::new(),
            frames: Vec::new(),
            refused: Vec::new(),
            last: None,
        }
    }

    /// A gateway heard this; what is sent in the first window.
    pub fn hear(&mut self, uplink: &Uplink) -> Option<Downlink> {
        let answer = match uplink.bytes.first().map(|header| header >> 5) {
            Some(0) => self.join(uplink),
            Some(kind @ (2 | 4)) => self.data(uplink, kind == 4),
            _ => Err("neither a join nor data"),
        };
        match answer {
            Ok(answer) => answer,
            Err(why) => {
                self.refused.push(why);
                None
            }
        }
    }

    fn join(&mut self, uplink: &Uplink) -> Result<Option<Downlink>, &'static str> {
        let bytes: &[u8; 23] = uplink.bytes.as_slice().try_into().map_err(|_| "a join of another length")?;
        let (content, mic) = bytes.split_at(19);
        if mac(&self.app_key, &[content])[..4] != *mic {
            return Err("a join with another key");
        }
        let nonce = u16::from_le_bytes([bytes[17], bytes[18]]);
        if self.nonce.is_some_and(|last| nonce <= last) {
            return Err("a nonce that does not grow");
        }
        self.nonce = Some(nonce);
        let app_nonce = [nonce as u8, (nonce >> 8) as u8, 7];
        let net_id = [0x13, 0, 0];
        let derive = |kind: u8| {
            let mut block = [0; 16];
            block[0] = kind;
            block[1..4].copy_from_slice(&app_nonce);
            block[4..7].copy_from_slice(&net_id);
            block[7..9].copy_from_slice(&nonce.to_le_bytes());
            encrypted(&self.app_key, block)
        };
        let session = Session { network: derive(1), application: derive(2), f_up: None, f_down: 0 };
        let mut accept = vec![0x20];
        accept.extend(app_nonce);
        accept.extend(net_id);
        accept.extend(DEV_ADDR.iter().rev());
        // The second window at DR0, the first after a second.
        accept.extend([0, 1]);
        let mic = mac(&self.app_key, &[&accept]);
        accept.extend(&mic[..4]);
        let block: [u8; 16] = accept[1..17].try_into().expect("sixteen bytes");
        accept[1..17].copy_from_slice(&decrypted(&self.app_key, block));
        self.session = Some(session);
        self.queue.clear();
        Ok(Some(Downlink { at: uplink.ended_at + JOIN_RX1, bytes: accept, snr: 32 }))
    }

    fn data(&mut self, uplink: &Uplink, confirmed: bool) -> Result<Option<Downlink>, &'static str> {
        let session = self.session.as_mut().ok_or("data without a session")?;
        let bytes = &uplink.bytes;
        if bytes.len() < 12 {
            return Err("data too short");
        }
        let (content, mic) = bytes.split_at(bytes.len() - 4);
        let low = u32::from(u16::from_le_bytes([bytes[6], bytes[7]]));
        let last = session.f_up.unwrap_or(0);
        let f_cnt =
            if low >= last & 0xffff { last & !0xffff | low } else { ((last & !0xffff) + 0x1_0000) | low };
        let length = content.len() as u8;
        if mac(&session.network, &[&start(0x49, 0, f_cnt, length), content])[..4] != *mic {
            return Err("data with another key, or altered");
        }
        if session.f_up.is_some_and(|last| f_cnt <= last) {
            return Err("a counter that does not grow");
        }
        session.f_up = Some(f_cnt);
        let options = usize::from(bytes[5] & 15);
        let body = content.get(8 + options..).unwrap_or_default();
        let (port, payload) = body.split_first().map_or((0, &[][..]), |(port, payload)| (*port, payload));
        let key = if port == 0 { session.network } else { session.application };
        let mut payload = payload.to_vec();
        crypt(&key, 0, f_cnt, &mut payload);
        self.frames.push(Frame {
            at: uplink.ended_at,
            spreading_factor: uplink.spreading_factor,
            f_cnt,
            port,
            payload,
            confirmed,
            options: content.get(8..8 + options).unwrap_or_default().to_vec(),
        });
        let queued = self.queue.pop_front();
        if queued.is_none() && !confirmed {
            return Ok(None);
        }
        let mut down = vec![0x60];
        down.extend(DEV_ADDR.iter().rev());
        down.push(if confirmed { 0x20 } else { 0 });
        down.extend((session.f_down as u16).to_le_bytes());
        if let Some((port, mut payload)) = queued {
            crypt(&session.application, 1, session.f_down, &mut payload);
            down.push(port);
            down.extend(payload);
        }
        let mic = mac(&session.network, &[&start(0x49, 1, session.f_down, down.len() as u8), &down]);
        down.extend(&mic[..4]);
        session.f_down += 1;
        self.last = Some(down.clone());
        Ok(Some(Downlink { at: uplink.ended_at + RX1, bytes: down, snr: 32 }))
    }
}

/// The block that begins a sum (0x49) and each block of a key stream (0x01).
fn start(kind: u8, direction: u8, f_cnt: u32, last: u8) -> [u8; 16] {
    let mut block = [0; 16];
    (block[0], block[5], block[15]) = (kind, direction, last);
    block[6..10].copy_from_slice(&[DEV_ADDR[3], DEV_ADDR[2], DEV_ADDR[1], DEV_ADDR[0]]);
    block[10..14].copy_from_slice(&f_cnt.to_le_bytes());
    block
}

fn crypt(key: &[u8; 16], direction: u8, f_cnt: u32, payload: &mut [u8]) {
    for (block, number) in payload.chunks_mut(16).zip(1..) {
        let stream = encrypted(key, start(1, direction, f_cnt, number));
        block.iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn mac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Cmac<Aes128> as cmac::Mac>::new(key.into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn encrypted(key: &[u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    Aes128::new(key.into()).encrypt_block(&mut block);
    block.into()
}

fn decrypted(key: &[u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    Aes128::new(key.into()).decrypt_block(&mut block);
    block.into()
}
