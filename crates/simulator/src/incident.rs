//! What happens to a tracker and its box on the way, when somebody wants it to.

use wire::{EventKind, ResetCause};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// Somebody presses its button.
    Pressed,
    /// Its program begins anew.
    Reset(ResetCause),
    /// Its case is opened or closed, it gets light or dark, it is hit or turned over; the value is as [`EventKind`] has it.
    Felt(EventKind, u8),
    ThermometerFails,
    ThermometerBack,
    /// So much of its battery is left, in percent.
    Battery(u8),
    /// From then on nothing of it is heard: it stands in metal, or is broken.
    Silent,
    /// It is heard again.
    Heard,
    /// The box stands open in the warmth for some hours, and warms up to about 12 °C.
    TooWarm,
    /// The box freezes for some hours: packed with coolant that was too cold.
    Frozen,
}
