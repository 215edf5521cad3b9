//! In whose name an offer is answered: by whose account it is written, or by somebody without one who shows a badge or
//! tells a code there.

use chrono::{DateTime, TimeDelta, Utc};
use domain::custody::{Account, Act, Actor, Entry, Organisation, Strength, Whereabouts};
use serde::{Deserialize, Serialize};
use store::{Badge, CodeUse, Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::meant::open_offer;
use super::problem::ApiError;
use super::text::non_empty;
use super::unattended::may_be_left;
use crate::Service;
use crate::handover::Book;

/// So many wrong badges and codes may be shown on an account within an hour; then it takes no badge, so that nobody finds
/// one by trying numbers.
const MOST_REFUSED_AN_HOUR: i64 = 20;

/// What the audit trail calls a wrong badge or code.
pub(super) const SIGNATURE_REFUSED: &str = "custody.signature_refused";

/// Who signs on somebody else's account: a badge, or a code and the name that goes with it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignerRequest {
    /// The number of the badge, as the scanner reads it.
    badge: Option<String>,
    /// The eight digits that were told for this offer.
    code: Option<String>,
    /// With a code: the person's name as printed.
    name: Option<String>,
}

/// By what the person who answers is known.
pub(super) enum Signer {
    Account,
    /// The keyed hash of its number.
    Badge([u8; 32]),
    /// Its digits.
    Code {
        code: String,
        person: String,
    },
    /// Nobody is there: the carrier writes it for the consignee.
    Unattended,
}

/// What is known of the entry before it is known who writes it.
pub(super) struct Meant<'a> {
    /// Names the offer where the caller's organisation has to do with several.
    pub answers: Option<&'a str>,
    /// When it happened, as it is written.
    pub at: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub whereabouts: Option<&'a Whereabouts>,
}

/// Why nothing was written.
pub(super) enum Refused {
    Plain(ApiError),
    /// What was shown is wrong. That is counted or kept, so it is committed.
    Noted(ApiError),
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Plain(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Plain(error.into())
    }
}

impl Signer {
    /// Reads what a request shows, and puts keyed hashes in the place of its secrets, so that what is kept of the
    /// request tells none.
    pub fn read(
        shown: Option<&mut SignerRequest>,
        service: &Service,
        tenant: domain::OrganisationId,
    ) -> Result<Self, ApiError> {
        let Some(shown) = shown else { return Ok(Self::Account) };
        match (shown.badge.take(), shown.code.take()) {
            (Some(number), None) if shown.name.is_none() => {
                let hash = service.badges.hash(tenant, &non_empty("signs.badge", &number, 64)?);
                shown.badge = Some(hex::encode(hash));
                Ok(Self::Badge(hash))
            }
            (None, Some(code)) => {
                let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
                if code.len() != 8 || !code.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(ApiError::Unprocessable("signs.code: write its eight digits".into()));
                }
                let person = non_empty("signs.name", shown.name.as_deref().unwrap_or_default(), 200)?;
                shown.code = Some(hex::encode(service.badges.hash_code(tenant, Uuid::nil(), &code)));
                Ok(Self::Code { code, person })
            }
            _ => Err(ApiError::Unprocessable(
                "signs: write the number of a badge, or a code with the name of who tells it".into(),
            )),
        }
    }

    /// None: the account's own.
    fn strength(&self) -> Option<Strength> {
        match self {
            Self::Account => None,
            Self::Badge(_) => Some(Strength::Badge),
            Self::Code { .. } => Some(Strength::Code),
            Self::Unattended => Some(Strength::Unattended),
        }
    }

    /// Whether who wrote an entry is known by the same.
    pub async fn signed(&self, db: &mut Connection, book: &Book, by: &Actor) -> Result<bool, StoreError> {
        let is_known = match self {
            Self::Account | Self::Unattended => true,
            Self::Badge(number) => {
                let badge = db.badge_by_hash(book.owner, number).await?;
                badge.is_some_and(|badge| by.badge == Some(badge.id))
            }
            Self::Code { person, .. } => by.person.as_ref() == Some(person),
        };
        Ok(is_known && by.strength == self.strength().unwrap_or(Strength::Account))
    }

    /// Who writes.
    pub async fn actor(
        &self,
        db: &mut Connection,
        book: &Book,
        account: Actor,
        Meant { answers, at, now, whereabouts }: Meant<'_>,
    ) -> Result<Actor, Refused> {
        let Some(strength) = self.strength() else { return Ok(account) };
        let organisation = addressee(book, &account, answers)?;
        let (badge, person) = match self {
            Self::Account => (None, None),
            Self::Badge(number) => {
                check_tries(db, &account, now).await?;
                let badge = db.badge_by_hash(book.owner, number).await?;
                let is_good = |badge: &Badge| {
                    badge.organisation == organisation.id
                        && [at, now].iter().all(|at| badge.validity.holds_at(*at))
                };
                let badge = badge.filter(is_good).ok_or_else(|| no_badge(&organisation))?;
                (Some(badge.id), Some(badge.holder))
            }
            Self::Code { person, .. } => (None, Some(person.clone())),
            Self::Unattended => {
                may_be_left(db, book, (&account.organisation, &organisation), whereabouts).await?;
                (None, None)
            }
        };
        Ok(Actor { organisation, person, user: None, badge, written_on: of(account), strength })
    }

    /// Uses a code up, when all else is in order.
    pub async fn use_up(
        &self,
        service: &Service,
        db: &mut Connection,
        book: &Book,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let Self::Code { code, .. } = self else { return Ok(()) };
        let offer = entry.link().and_then(|link| Some(book.ledger.entries().get(&link)?.id));
        let offer = offer.ok_or(ApiError::NotFound("offer"))?;
        let hash = service.badges.hash_code(book.owner, offer, code);
        match db.use_acceptance_code(book.owner, offer, &hash, now).await? {
            CodeUse::Used(_) => Ok(()),
            told => Err(Refused::Noted(in_words(&told))),
        }
    }
}

/// To whom the offer was made that the account's organisation made or was made.
fn addressee(book: &Book, account: &Actor, answers: Option<&str>) -> Result<Organisation, ApiError> {
    let own = account.organisation.id;
    let to = |entry: &Entry| match &entry.act {
        Act::Offered { to, .. } => Some(to.organisation.clone()),
        _ => None,
    };
    let concerns =
        |entry: &Entry| to(entry).is_some_and(|to| to.id == own || entry.by.organisation.id == own);
    let (offer, _) = open_offer(&book.ledger, answers, concerns)?;
    book.ledger.entries().get(&offer).and_then(|entry| to(entry)).ok_or(ApiError::NotFound("offer"))
}

async fn check_tries(db: &mut Connection, account: &Actor, now: DateTime<Utc>) -> Result<(), Refused> {
    let Some(user) = account.user else { return Ok(()) };
    let refused = db.count_refused_signatures(user, now - TimeDelta::hours(1)).await?;
    if refused < MOST_REFUSED_AN_HOUR {
        return Ok(());
    }
    let why = "signs.badge: too many wrong ones were shown on this account within an hour; nothing was written. \
               Sign with a code or a link";
    Err(ApiError::Conflict(why.into()).into())
}

/// The same words for every reason: a number that is tried tells of nobody else's badges.
fn no_badge(organisation: &Organisation) -> Refused {
    Refused::Noted(ApiError::Unprocessable(format!(
        "signs.badge: {} has no badge with this number that holds now; nothing was written",
        organisation.name
    )))
}

fn of(account: Actor) -> Option<Account> {
    Some(Account { user: account.user?, person: account.person? })
}

fn in_words(told: &CodeUse) -> ApiError {
    let conflict = |why: &str| ApiError::Conflict(format!("signs.code: {why}; nothing was written"));
    match told {
        CodeUse::Wrong { left: Some(left @ 1..) } => ApiError::Unprocessable(format!(
            "signs.code: the code is wrong, and {left} more may be tried; nothing was written"
        )),
        CodeUse::Wrong { left: Some(_) } | CodeUse::Locked => {
            conflict("too many wrong ones were told: have a new code made")
        }
        CodeUse::Wrong { left: None } => {
            conflict("this offer has no code that can still be used: have one made")
        }
        CodeUse::Expired => conflict("the code has expired: have a new code made"),
        CodeUse::UsedBefore | CodeUse::Used(_) => conflict("the code was used before: have a new code made"),
    }
}
