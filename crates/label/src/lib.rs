//! Labels of logistic units and of trackers, as PDF and PNG from one layout each.
//!
//! Each carries its SSCC three times, for scanners of every kind: as GS1-128, as GS1 DataMatrix and as a Digital Link QR
//! code; and once for people. It knows neither shipments nor who prints: what stands on a label comes from
//! [`domain::label`].

mod face;
mod layout;
mod pdf;
mod picture;
mod symbol;
mod tracker;

use domain::label::{Label, LabelFormat, TrackerLabel};

use face::Face;
use layout::{Page, lay_out};

/// Why labels cannot be drawn. None of these depends on what stands on the label, so each is a fault of the program.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    #[error("the label's font cannot be read")]
    Font,
    #[error("a symbol cannot be made: {0}")]
    Symbol(String),
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
    #[error("the picture cannot be written")]
    Picture(#[from] png::EncodingError),
    #[error("a picture shows one label")]
    NotOne,
}

/// Draws labels: a page of a PDF each, or the picture of one.
pub fn draw(labels: &[Label], format: LabelFormat) -> Result<Vec<u8>, LabelError> {
    let face = Face::open()?;
    let pages = labels.iter().map(|label| lay_out(&face, label)).collect::<Result<Vec<_>, _>>()?;
    write(&face, &pages, format)
}

/// Draws the label of a tracker.
pub fn draw_tracker(label: &TrackerLabel, format: LabelFormat) -> Result<Vec<u8>, LabelError> {
    let face = Face::open()?;
    write(&face, &[tracker::lay_out(&face, label)?], format)
}

fn write(face: &Face, pages: &[Page], format: LabelFormat) -> Result<Vec<u8>, LabelError> {
    match (format, pages) {
        (LabelFormat::Pdf, pages) => pdf::write(face, pages),
        (LabelFormat::Png, [page]) => picture::write(face, page),
        (LabelFormat::Png, _) => Err(LabelError::NotOne),
    }
}
