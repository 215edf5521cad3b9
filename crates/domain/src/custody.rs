//! Custody: who answers for each box of a shipment, at every instant since it was packed.
//!
//! What happened is a set of [`Entry`]s that are never changed. Each names by its hash the one that it continues or
//! answers, so who the custodian is follows from links, and neither from clocks nor from the order in which entries
//! arrive: [`Custody::of`] is a function of the set. The service numbers and signs entries as it comes to know them
//! ([`record`]). Knows no key, no database and no clock.

mod corrections;
mod derived;
mod entry;
mod fold;
mod hash;
mod links;
mod photo;
pub mod record;
mod stage;

pub use corrections::Effect;
pub(crate) use derived::derived;
pub use derived::{fanned_out_id, handed_in_id};
pub use entry::{
    Account, Act, Actor, Addressee, BoxNumber, Condition, Entry, EntryError, Exception, Organisation, Seal,
    Seen, Strength, Whereabouts,
};
pub use fold::{BoxCustody, Conflict, Custody, Holding, Ignored, Settled};
pub use hash::{EntryHash, NotAHash};
pub use photo::{MOST_PHOTO_BYTES, MOST_PHOTOS, MOST_PHOTOS_OF_ORGANISATION, PhotoHash, PhotoKind};
