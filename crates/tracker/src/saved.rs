//! What must survive a reset, saved whole: each time a new copy behind the last, on two pages in turn.

use embedded_storage::nor_flash::NorFlash;
use wire::{Step, Thresholds};

use crate::alarm::{Alarm, Side};
use crate::log::{LogError, TRIES};

/// The layout of the content. Whoever finds another one must not go on as if nothing had been saved.
const LAYOUT: u8 = 1;

/// Eight seconds of air fit into a byte of them.
pub const AIR_STEP_MS: u64 = 32;

/// A copy: generation, content, CRC-32.
const COPY: usize = 32;
const CONTENT: usize = COPY - 8;

/// What a tracker remembers of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Every entry below was acknowledged: at most one more than the last number there is.
    pub acknowledged: u32,
    /// The number of the last downlink that was obeyed; 0 before the first.
    pub command: u32,
    /// The last one that was used to join; networks take only ever higher ones (LoRaWAN 1.0.4).
    pub dev_nonce: u16,
    /// How often the clock was set, or lost by a reset, modulo 256.
    pub clock_setting: u8,
    pub stage: Stage,
    pub thresholds: Thresholds,
    pub step: Step,
    /// Readings from one uplink to the next, 1 to 32.
    pub per_uplink: u8,
    /// Hours of flight that are not over; 0 outside of it.
    pub flight_hours: u8,
    pub alarm: Alarm,
    /// An alarm was raised since the button began.
    pub alarmed: bool,
    /// What of the air was left when something was sent last, in steps of [`AIR_STEP_MS`].
    pub air: u8,
}

/// What the tracker was told to do by its button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Shelf,
    Running,
    Stopped,
}

impl Saved {
    /// As a tracker leaves its maker: 2 to 8 °C, a reading every five minutes, an uplink every fifteen.
    pub const NEW: Self = Self {
        acknowledged: 0,
        command: 0,
        dev_nonce: 0,
        clock_setting: 0,
        stage: Stage::Shelf,
        thresholds: Thresholds { low: 200, high: 800, low_delay: 10, high_delay: 30 },
        step: Step::Minutes5,
        per_uplink: 3,
        flight_hours: 0,
        alarm: Alarm { side: Side::Within, minutes: 0, raised: false },
        alarmed: false,
        air: 0,
    };

    fn write(&self) -> [u8; CONTENT] {
        let [a3, a2, a1, a0] = self.acknowledged.to_be_bytes();
        let [_, c2, c1, c0] = self.command.to_be_bytes();
        let [n1, n0] = self.dev_nonce.to_be_bytes();
        let Thresholds { low, high, low_delay, high_delay } = self.thresholds;
        let ([l1, l0], [h1, h0]) = (low.to_be_bytes(), high.to_be_bytes());
        let stage = match self.stage {
            Stage::Shelf => 0,
            Stage::Running => 1,
            Stage::Stopped => 2,
        };
        let step = self.step.minutes() as u8;
        let side = match self.alarm.side {
            Side::Within => 0,
            Side::Low => 1,
            Side::High => 2,
        };
        let alarm = side << 2 | u8::from(self.alarm.raised) << 1 | u8::from(self.alarmed);
        let head = [LAYOUT, a3, a2, a1, a0, c2, c1, c0, n1, n0, self.clock_setting, stage];
        let limits = [l1, l0, h1, h0, low_delay, high_delay];
        let rest = [step, self.per_uplink, self.flight_hours, alarm, self.alarm.minutes, self.air];
        let mut content = [0; CONTENT];
        content.iter_mut().zip(head.into_iter().chain(limits).chain(rest)).for_each(|(to, byte)| *to = byte);
        content
    }

    fn read(content: [u8; CONTENT]) -> Option<Self> {
        let [
            LAYOUT,
            a3,
            a2,
            a1,
            a0,
            c2,
            c1,
            c0,
            n1,
            n0,
            clock_setting,
            stage,
            l1,
            l0,
            h1,
            h0,
            low_delay,
            high_delay,
            step,
            pace,
            flight_hours,
            alarm,
            alarm_minutes,
            air,
        ] = content
        else {
            return None;
        };
        Some(Self {
            acknowledged: u32::from_be_bytes([a3, a2, a1, a0]),
            command: u32::from_be_bytes([0, c2, c1, c0]),
            dev_nonce: u16::from_be_bytes([n1, n0]),
            clock_setting,
            stage: match stage {
                0 => Stage::Shelf,
                1 => Stage::Running,
                2 => Stage::Stopped,
                _ => return None,
            },
            thresholds: Thresholds {
                low: i16::from_be_bytes([l1, l0]),
                high: i16::from_be_bytes([h1, h0]),
                low_delay,
                high_delay,
            },
            step: Step::of(step.into())?,
            per_uplink: pace,
            flight_hours,
            alarm: Alarm {
                side: match alarm >> 2 {
                    0 => Side::Within,
                    1 => Side::Low,
                    2 => Side::High,
                    _ => return None,
                },
                minutes: alarm_minutes,
                raised: alarm & 2 != 0,
            },
            alarmed: alarm & 1 != 0,
            air,
        })
    }
}

/// Where it is saved: two pages of flash.
pub struct Memory<F> {
    flash: F,
    /// Where the next copy goes.
    next: u32,
    generation: u32,
}

impl<F: NorFlash> Memory<F> {
    const PAGE: u32 = F::ERASE_SIZE as u32;

    /// Finds the newest copy; [`Saved::NEW`] where there is none. A sound copy of another layout is an error: firmware that does
    /// not know what it was told would use nonces and numbers again.
    pub fn open(flash: F) -> Result<(Self, Saved), LogError> {
        if F::WRITE_SIZE > 8 || !F::ERASE_SIZE.is_multiple_of(COPY) {
            return Err(LogError::Layout);
        }
        let mut memory = Self { flash, next: 0, generation: 0 };
        let mut newest = Saved::NEW;
        for at in (0..2 * Self::PAGE).step_by(COPY) {
            let Some((generation, content)) = memory.copy_at(at).and_then(|copy| sound(&copy)) else {
                continue;
            };
            if generation >= memory.generation {
                newest = Saved::read(content).ok_or(LogError::Layout)?;
                (memory.generation, memory.next) = (generation + 1, at + COPY as u32);
            }
        }
        // Behind it there may be copies that were cut off, with blank places between them, which cannot be written over.
        for at in (memory.next..memory.next.next_multiple_of(Self::PAGE)).step_by(COPY) {
            if memory.copy_at(at) != Some([0xff; COPY]) {
                memory.next = at + COPY as u32;
            }
        }
        Ok((memory, newest))
    }

    fn copy_at(&mut self, at: u32) -> Option<[u8; COPY]> {
        let mut copy = [0; COPY];
        self.flash.read(at, &mut copy).ok()?;
        Some(copy)
    }

    /// Saves a copy. The one before stays until this one is whole. A place that the flash does not take is passed over.
    pub fn save(&mut self, saved: &Saved) -> Result<(), LogError> {
        let tried = (0..TRIES).map(|_| self.try_save(saved)).find(Result::is_ok);
        tried.unwrap_or(Err(LogError::Flash))
    }

    fn try_save(&mut self, saved: &Saved) -> Result<(), LogError> {
        if self.next.is_multiple_of(Self::PAGE) {
            self.next %= 2 * Self::PAGE;
            self.flash.erase(self.next, self.next + Self::PAGE).map_err(|_| LogError::Flash)?;
        }
        // Whether it is written whole or not, the next copy is a newer one.
        let (at, generation) = (self.next, self.generation);
        self.next += COPY as u32;
        self.generation = self.generation.saturating_add(1);
        self.flash.write(at, &copy(generation, saved)).map_err(|_| LogError::Flash)
    }
}

fn copy(generation: u32, saved: &Saved) -> [u8; COPY] {
    let mut copy = [0; COPY];
    let content = generation.to_be_bytes().into_iter().chain(saved.write());
    copy.iter_mut().zip(content).for_each(|(to, byte)| *to = byte);
    let sum = crc32(copy.get(..COPY - 4).unwrap_or_default()).to_be_bytes();
    copy.iter_mut().skip(COPY - 4).zip(sum).for_each(|(to, byte)| *to = byte);
    copy
}

fn sound(copy: &[u8; COPY]) -> Option<(u32, [u8; CONTENT])> {
    let (generation, rest) = copy.split_first_chunk::<4>()?;
    let (content, sum) = rest.split_first_chunk::<CONTENT>()?;
    let is_sound = crc32(copy.get(..COPY - 4)?).to_be_bytes() == *sum;
    is_sound.then_some((u32::from_be_bytes(*generation), *content))
}

/// CRC-32 (ISO-HDLC).
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
            },
        )
    })
}
