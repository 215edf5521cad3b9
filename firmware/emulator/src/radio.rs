//! The SX126x behind its bus: the commands that the driver uses, and how long they take.

use std::collections::VecDeque;

use crate::HZ;

pub const IRQ: u32 = 50;
const TX_DONE: u16 = 1;
const RX_DONE: u16 = 1 << 1;
const TIMEOUT: u16 = 1 << 9;

/// A frame that the tracker sent.
#[derive(Debug, Clone)]
pub struct Uplink {
    /// Cycles at its end.
    pub ended_at: u64,
    pub frequency_hz: u64,
    pub spreading_factor: u8,
    pub airtime_us: u64,
    pub bytes: Vec<u8>,
}

/// A frame that a gateway sends.
#[derive(Debug, Clone)]
pub struct Downlink {
    /// Cycles at its beginning.
    pub at: u64,
    pub bytes: Vec<u8>,
    /// Quarters of a dB.
    pub snr: i8,
}

/// What it is doing, until when.
#[derive(Debug, Clone)]
enum Doing {
    Sleeping,
    Standing,
    Sending { until: u64 },
    Listening { from: u64, until: u64 },
    Hearing { until: u64, downlink: Downlink },
}

pub struct Radio {
    command: Vec<u8>,
    doing: Doing,
    irq: u16,
    mask: u16,
    buffer: [u8; 256],
    registers: Vec<u8>,
    spreading_factor: u8,
    bandwidth: u8,
    low_rate: bool,
    payload_length: u8,
    inverted: bool,
    symbols: u8,
    frequency_hz: u64,
    received: (u8, i8),
    pub uplinks: VecDeque<Uplink>,
    pub downlinks: Vec<Downlink>,
    /// Cycles that it sent and listened.
    pub sending: u64,
    pub listening: u64,
}

impl Default for Radio {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            doing: Doing::Standing,
            irq: 0,
            mask: 0,
            buffer: [0; 256],
            registers: vec![0; 0x1000],
            spreading_factor: 7,
            bandwidth: 4,
            low_rate: false,
            payload_length: 0,
            inverted: false,
            symbols: 0,
            frequency_hz: 0,
            received: (0, 0),
            uplinks: VecDeque::new(),
            downlinks: Vec::new(),
            sending: 0,
            listening: 0,
        }
    }
}

impl Radio {
    /// One byte each way.
    pub fn exchange(&mut self, byte: u8) -> u8 {
        let answer = self.answer();
        self.command.push(byte);
        answer
    }

    /// What it says while the next byte comes.
    fn answer(&self) -> u8 {
        let at = self.command.len();
        let from = |bytes: &[u8], first: usize| bytes.get(at.wrapping_sub(first)).copied().unwrap_or(0);
        match self.command.first() {
            // Standing by, with data.
            None => 0x22,
            Some(0x12) => from(&self.irq.to_be_bytes(), 2),
            Some(0x13) => from(&[self.received.0, 0], 2),
            Some(0x14) => from(&[2 * 60, self.received.1.cast_unsigned(), 2 * 60], 2),
            Some(0x1e) => {
                let offset = self.command.get(1).copied().unwrap_or(0);
                if at < 3 { 0 } else { self.buffer[usize::from(offset).wrapping_add(at - 3) & 0xff] }
            }
            Some(0x1d) => {
                let [high, low] = [1, 2].map(|at| self.command.get(at).copied().unwrap_or(0));
                let first = usize::from(u16::from_be_bytes([high, low]));
                if at < 4 { 0 } else { self.registers[(first + at - 4) & 0xfff] }
            }
            Some(_) => 0x22,
        }
    }

    /// The bus is let go: what was said is done.
    pub fn done(&mut self, now: u64) {
        let command = std::mem::take(&mut self.command);
        let [op, rest @ ..] = &*command else { return };
        if matches!(self.doing, Doing::Sleeping) {
            self.doing = Doing::Standing;
        }
        match (*op, rest) {
            (0x84, _) => self.doing = Doing::Sleeping,
            (0x80, _) => self.doing = Doing::Standing,
            (0x86, [a, b, c, d, ..]) => {
                let steps = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
                self.frequency_hz = (steps * 32_000_000) >> 25;
            }
            (0x8b, [sf, bandwidth, _, low_rate, ..]) => {
                (self.spreading_factor, self.bandwidth, self.low_rate) = (*sf, *bandwidth, *low_rate == 1);
            }
            (0x8c, [_, _, _, length, _, inverted, ..]) => {
                (self.payload_length, self.inverted) = (*length, *inverted == 1);
            }
            (0x08, [_, _, a, b, ..]) => self.mask = u16::from_be_bytes([*a, *b]),
            (0x02, [a, b, ..]) => self.irq &= !u16::from_be_bytes([*a, *b]),
            (0x0e, [offset, bytes @ ..]) => {
                for (at, byte) in (usize::from(*offset)..).zip(bytes) {
                    self.buffer[at & 0xff] = *byte;
                }
            }
            (0x0d, [high, low, bytes @ ..]) => {
                let first = usize::from(u16::from_be_bytes([*high, *low]));
                for (at, byte) in (first..).zip(bytes) {
                    self.registers[at & 0xfff] = *byte;
                }
            }
            (0xa0, [symbols, ..]) => self.symbols = *symbols,
            (0x83, _) => self.send(now),
            (0x82, _) => {
                let until = now + self.symbol() * u64::from(self.symbols.max(13));
                self.doing = Doing::Listening { from: now, until };
            }
            _ => {}
        }
    }

    /// Cycles of a symbol.
    fn symbol(&self) -> u64 {
        let bandwidth = match self.bandwidth {
            5 => 250_000,
            6 => 500_000,
            _ => 125_000,
        };
        (1 << self.spreading_factor) * HZ / bandwidth
    }

    /// Cycles that a frame is on the air (AN1200.13).
    fn on_air(&self, length: usize, has_sum: bool) -> u64 {
        let factor = i64::from(self.spreading_factor);
        let bits = 8 * length as i64 - 4 * factor + 28 + if has_sum { 16 } else { 0 };
        let per = 4 * (factor - if self.low_rate { 2 } else { 0 });
        let symbols = 8 + (bits.max(0) as u64).div_ceil(per as u64) * 5;
        self.symbol() * (4 * symbols + 49) / 4
    }

    fn send(&mut self, now: u64) {
        let bytes = self.buffer[..usize::from(self.payload_length)].to_vec();
        let takes = self.on_air(bytes.len(), true);
        self.sending += takes;
        self.doing = Doing::Sending { until: now + takes };
        self.uplinks.push_back(Uplink {
            ended_at: now + takes,
            frequency_hz: self.frequency_hz,
            spreading_factor: self.spreading_factor,
            airtime_us: takes * 1_000_000 / HZ,
            bytes,
        });
    }

    /// Lets time pass.
    pub fn pass(&mut self, now: u64) {
        match &self.doing {
            Doing::Sending { until } if now >= *until => {
                self.irq |= TX_DONE;
                self.doing = Doing::Standing;
            }
            Doing::Listening { from, until } => {
                let (from, until) = (*from, *until);
                let caught =
                    self.inverted.then(|| self.downlinks.iter().position(|d| (from..until).contains(&d.at)));
                if let Some(place) = caught.flatten().filter(|place| self.downlinks[*place].at <= now) {
                    let downlink = self.downlinks.remove(place);
                    let ends = downlink.at + self.on_air(downlink.bytes.len(), false);
                    self.listening += ends.saturating_sub(from);
                    self.doing = Doing::Hearing { until: ends, downlink };
                } else if now >= until {
                    self.listening += until - from;
                    self.irq |= TIMEOUT;
                    self.doing = Doing::Standing;
                }
            }
            Doing::Hearing { until, downlink } if now >= *until => {
                let (bytes, snr) = (downlink.bytes.clone(), downlink.snr);
                self.buffer[..bytes.len()].copy_from_slice(&bytes);
                self.received = (bytes.len() as u8, snr);
                self.irq |= RX_DONE;
                self.doing = Doing::Standing;
            }
            _ => {}
        }
    }

    /// When something happens next, in cycles.
    pub fn next_at(&self) -> u64 {
        match &self.doing {
            Doing::Sending { until } | Doing::Hearing { until, .. } => *until,
            Doing::Listening { from, until } => {
                let starts =
                    self.downlinks.iter().map(|d| d.at).filter(|at| (*from..*until).contains(at)).min();
                starts.filter(|_| self.inverted).unwrap_or(*until)
            }
            Doing::Sleeping | Doing::Standing => u64::MAX,
        }
    }

    pub fn is_asserted(&self) -> bool {
        self.irq & self.mask != 0
    }
}
