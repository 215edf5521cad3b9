//! The label of a tracker: 50 by 25 mm.

use domain::label::TrackerLabel;

use crate::LabelError;
use crate::face::Face;
use crate::layout::{CAPTION, Page, QR_QUIET, SMALL, Sheet, side};
use crate::symbol::identification_qr;

const WIDTH: u32 = 590;
const HEIGHT: u32 = 295;
/// 0.59 mm: as much as fits.
const QR_MODULE: u32 = 7;
/// To the right of the code.
const TEXT: u32 = 16;

pub fn lay_out(face: &Face, label: &TrackerLabel) -> Result<Page, LabelError> {
    let mut sheet = Sheet::new(face, WIDTH, HEIGHT);
    let qr = identification_qr(label)?;
    let qr_side = (side(&qr) + 2 * QR_QUIET) * QR_MODULE;
    let top = HEIGHT.saturating_sub(qr_side) / 2;
    let (left, width) = (qr_side, WIDTH.saturating_sub(qr_side + TEXT));
    sheet.symbol(&qr, (QR_QUIET * QR_MODULE, top + QR_QUIET * QR_MODULE), (QR_MODULE, QR_MODULE));
    sheet.field(left, 60, width, "TRACKER", SMALL, &label.name);
    sheet.field(left, 160, width, "DevEUI", CAPTION, &label.dev_eui.to_string().to_uppercase());
    Ok(sheet.page)
}
