//! The log: entries in a ring of flash pages, each kept until the service has acknowledged it, or the ring is full.
//!
//! A page begins with its head; each word behind it is one entry. An entry's number is its head's and its place among the
//! page's sound words. Whatever is cut off by a failing supply, what was written before is found again.

mod word;

use core::cell::RefCell;

use embedded_storage::nor_flash::NorFlash;
use wire::{Entry, LOST_MAX, MAX_SEQUENCE, Stamp, What};

use word::{Head, MAX_AFTER};

/// What flash writes at once, in bytes.
const WORD: u32 = 8;

/// How often something is tried to be written before the flash is said to be broken.
pub const TRIES: usize = 4;

/// The most pages that a log can have.
pub const MAX_PAGES: usize = 64;

/// Why the log cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogError {
    /// The flash does not write or erase.
    Flash,
    /// All sequence numbers are used: the tracker must be replaced.
    NumbersExhausted,
    /// Pages too few, too many or too small, or a flash that writes more than a word at once.
    Layout,
}

/// A page with a sound head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    head: Head,
    /// Sound entries behind the head.
    entries: u32,
    /// Words behind the head that are written, sound or not.
    used: u32,
    /// From when the next entry counts its minutes: the last head in the page.
    base: Stamp,
    /// Which words are entries, and which are heads.
    sound: Places,
    heads: Places,
}

/// Some of the words of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Places([u64; 4]);

impl Places {
    fn set(&mut self, place: u32) {
        if let Some(part) = self.0.get_mut(place as usize / 64) {
            *part |= 1 << (place % 64);
        }
    }

    /// The one that has so many before it.
    fn nth(&self, mut before: u32) -> Option<u32> {
        for (part, first) in self.0.iter().zip((0..).step_by(64)) {
            if before >= part.count_ones() {
                before -= part.count_ones();
                continue;
            }
            let mut rest = *part;
            (0..before).for_each(|_| rest &= rest - 1);
            return Some(first + rest.trailing_zeros());
        }
        None
    }

    /// The last one before that place.
    fn last_before(&self, place: u32) -> Option<u32> {
        (0..place)
            .rev()
            .find(|at| self.0.get(*at as usize / 64).is_some_and(|part| part >> (at % 64) & 1 == 1))
    }

    fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
}

impl Page {
    fn new(head: Head) -> Self {
        let (sound, heads) = (Places::default(), Places::default());
        Self { head, entries: 0, used: 0, base: head.base, sound, heads }
    }

    /// A word that was written at that place; none where it cannot be read. A head that does not number the next entry rightly, and
    /// a loss that reaches below 0, are words that were cut off.
    fn take(&mut self, place: u32, word: Option<[u8; 8]>) {
        self.used = place;
        let Some(word) = word else { return };
        if word::read(word, self.end()).is_some() {
            self.entries += 1;
            self.sound.set(place);
        } else if let Some(head) = word::read_head(word).filter(|head| head.first == self.end()) {
            self.base = head.base;
            self.heads.set(place);
        }
    }

    const fn end(&self) -> u32 {
        self.head.first + self.entries
    }
}

/// The log over a flash that begins with it.
pub struct Log<F> {
    /// Reading takes it for itself, too.
    flash: RefCell<F>,
    pages: [Option<Page>; MAX_PAGES],
    count: usize,
    words: u32,
    /// The page that is being written.
    current: usize,
    /// Every entry below was acknowledged.
    acknowledged: u32,
}

impl<F: NorFlash> Log<F> {
    /// Finds what `pages` pages of the flash hold. `acknowledged` is as it was saved; no number below it is given again.
    pub fn open(flash: F, pages: usize, acknowledged: u32) -> Result<Self, LogError> {
        let words = F::ERASE_SIZE as u32 / WORD;
        if F::WRITE_SIZE > WORD as usize || !(2..=MAX_PAGES).contains(&pages) || !(4..=256).contains(&words) {
            return Err(LogError::Layout);
        }
        let flash = RefCell::new(flash);
        let mut log = Self { flash, pages: [None; MAX_PAGES], count: pages, words, current: 0, acknowledged };
        for index in 0..pages {
            let found = log.scan(index);
            if let Some(place) = log.pages.get_mut(index) {
                *place = found;
            }
        }
        log.drop_impossible();
        let newest = log.sound().max_by_key(|(_, page)| (page.head.first, page.entries));
        log.current = newest.map_or(0, |(index, _)| index);
        Ok(log)
    }

    /// The number that the next entry will have.
    pub fn next(&self) -> u32 {
        let written = self.page().map_or(0, |page| page.end());
        written.max(self.acknowledged)
    }

    /// The oldest number that is held; `next` where nothing is.
    pub fn oldest(&self) -> u32 {
        let held = self.sound().filter(|(_, page)| page.entries > 0).map(|(_, page)| page.head.first);
        held.min().unwrap_or_else(|| self.next())
    }

    pub const fn acknowledged(&self) -> u32 {
        self.acknowledged
    }

    /// Forgets all entries below `next`. What is saved of it is the caller's business.
    pub fn acknowledge_below(&mut self, next: u32) {
        self.acknowledged = self.acknowledged.max(next.min(self.next()));
    }

    /// Writes an entry down and returns its number. A loss that this brings about is written before it.
    pub fn push(&mut self, stamp: Stamp, what: What) -> Result<u32, LogError> {
        // No page makes room for what has no number.
        if self.next() > MAX_SEQUENCE {
            return Err(LogError::NumbersExhausted);
        }
        // A word that the flash does not take is passed over.
        let mut tries = 1..TRIES;
        loop {
            match self.try_push(stamp, what) {
                Err(LogError::Flash) if tries.next().is_some() => {}
                pushed => return pushed,
            }
        }
    }

    fn try_push(&mut self, stamp: Stamp, what: What) -> Result<u32, LogError> {
        if self.after(stamp).is_none() && !self.begin_time(stamp)? {
            self.turn_page(stamp)?;
        }
        self.write(stamp, what)
    }

    /// After a start: tells of entries that were lost and of which nothing was written down before the supply failed.
    pub fn tell_lost(&mut self, stamp: Stamp) -> Result<(), LogError> {
        let Some(lost) = self.lost().filter(|lost| !self.is_told(lost)) else { return Ok(()) };
        self.push(stamp, lost).map(drop)
    }

    /// The entry of that number, where the log holds it.
    pub fn get(&self, sequence: u32) -> Option<Entry> {
        let (index, page) = self
            .sound()
            .find(|(_, page)| (page.head.first..page.end()).contains(&sequence))
            .map(|(index, page)| (index, *page))?;
        let place = page.sound.nth(sequence - page.head.first)?;
        let head = if page.heads.is_empty() { None } else { page.heads.last_before(place) };
        let base = head.and_then(|at| word::read_head(self.word(index, at)?));
        entry(base.map_or(page.head.base, |head| head.base), sequence, self.word(index, place)?)
    }

    /// What was lost of what nobody has acknowledged, of which the newest that can be said.
    fn lost(&self) -> Option<What> {
        let oldest = self.oldest();
        let count = oldest.checked_sub(self.acknowledged)?.min(LOST_MAX);
        (count > 0).then(|| What::Lost { first: oldest - count, count })
    }

    /// Whether the page that is being written begins with that loss.
    fn is_told(&self, lost: &What) -> bool {
        let first = self.page().map(|page| page.head.first);
        let told = first.and_then(|first| self.get(first)).map(|entry| entry.what);
        match (told, lost) {
            (Some(What::Lost { first, count }), What::Lost { first: from, count: many }) => {
                first + count >= from + many
            }
            _ => false,
        }
    }

    /// Lets the entries from here on count from that time, where the page has room for it and for one of them. A tracker that
    /// restarts again and again must not take a page each time.
    fn begin_time(&mut self, stamp: Stamp) -> Result<bool, LogError> {
        let fits = |page: &&Page| page.used + 2 < self.words && page.end() == self.next();
        let Some(page) = self.page().filter(fits).copied() else { return Ok(false) };
        let head = Head { first: page.end(), base: stamp };
        self.append(page.used + 1, word::write_head(head)).map(|()| true)
    }

    fn turn_page(&mut self, stamp: Stamp) -> Result<(), LogError> {
        let head = Head { first: self.next(), base: stamp };
        let index = if self.page().is_none() { self.current } else { (self.current + 1) % self.count };
        // A page that is worn out is passed over, but never for the one that was written last.
        let behind = (index + 1) % self.count;
        match self.begin_page(index, head) {
            Err(LogError::Flash) if behind != self.current => self.begin_page(behind, head)?,
            begun => begun?,
        }
        match self.lost() {
            Some(lost) => self.write(stamp, lost).map(drop),
            None => Ok(()),
        }
    }

    fn begin_page(&mut self, index: usize, head: Head) -> Result<(), LogError> {
        // First the head, which may always become zero: a page that was half erased would number its entries wrongly.
        if self.pages.get_mut(index).and_then(Option::take).is_some() {
            self.put(index, 0, [0; WORD as usize])?;
        }
        let size = F::ERASE_SIZE as u32;
        let from = index as u32 * size;
        self.flash.get_mut().erase(from, from + size).map_err(|_| LogError::Flash)?;
        self.put(index, 0, word::write_head(head))?;
        if let Some(place) = self.pages.get_mut(index) {
            *place = Some(Page::new(head));
        }
        self.current = index;
        Ok(())
    }

    fn write(&mut self, stamp: Stamp, what: What) -> Result<u32, LogError> {
        let sequence = self.next();
        if sequence > MAX_SEQUENCE {
            return Err(LogError::NumbersExhausted);
        }
        let word = self.after(stamp).and_then(|after| word::write(after, sequence, &what));
        let (Some(word), Some(page)) = (word, self.page().copied()) else { return Err(LogError::Layout) };
        self.append(page.used + 1, word).map(|()| sequence)
    }

    /// Writes a word behind the others of its page. Whatever the flash made of it is known here as it will be found at a start.
    fn append(&mut self, place: u32, word: [u8; 8]) -> Result<(), LogError> {
        let written = self.put(self.current, place, word);
        let found = self.word(self.current, place);
        if let Some(Some(page)) = self.pages.get_mut(self.current) {
            page.take(place, found);
        }
        written
    }

    /// The minutes from the head of the page that is being written; none where it has no room for such an entry.
    fn after(&self, stamp: Stamp) -> Option<u32> {
        let page = self.page().filter(|page| page.used + 1 < self.words && page.end() == self.next())?;
        let minutes = match (page.base, stamp) {
            (Stamp::Utc(base), Stamp::Utc(at)) | (Stamp::SinceStart(base), Stamp::SinceStart(at)) => {
                at.checked_sub(base)
            }
            _ => None,
        };
        minutes.filter(|minutes| *minutes <= MAX_AFTER)
    }

    /// A head that was cut off may pass for another one in 128: it begins where no other page ends.
    fn drop_impossible(&mut self) {
        for index in 0..self.count {
            let Some(first) = self.pages.get(index).copied().flatten().map(|page| page.head.first) else {
                continue;
            };
            let others = self.sound().filter(|(other, _)| *other != index).map(|(_, page)| page.end());
            let highest = others.max().unwrap_or(first).max(self.acknowledged);
            if first > highest
                && let Some(place) = self.pages.get_mut(index)
            {
                *place = None;
            }
        }
    }

    fn page(&self) -> Option<&Page> {
        self.pages.get(self.current)?.as_ref()
    }

    fn sound(&self) -> impl Iterator<Item = (usize, &Page)> {
        self.pages.iter().enumerate().filter_map(|(index, page)| Some((index, page.as_ref()?)))
    }

    fn scan(&self, index: usize) -> Option<Page> {
        let head = word::read_head(self.word(index, 0)?)?;
        let mut page = Page::new(head);
        for place in 1..self.words {
            // A word that cannot be read was cut off while it was written.
            let word = self.word(index, place);
            if word != Some([0xff; 8]) {
                page.take(place, word);
            }
        }
        Some(page)
    }

    fn word(&self, page: usize, place: u32) -> Option<[u8; 8]> {
        let mut word = [0; WORD as usize];
        let at = page as u32 * F::ERASE_SIZE as u32 + place * WORD;
        self.flash.borrow_mut().read(at, &mut word).ok()?;
        Some(word)
    }

    /// What counts is what is read afterwards: a write that failed may have left the word whole, and must then not be made again,
    /// or left another one, which must not be read after the next start.
    fn put(&mut self, page: usize, place: u32, word: [u8; 8]) -> Result<(), LogError> {
        let at = page as u32 * F::ERASE_SIZE as u32 + place * WORD;
        let written = self.flash.get_mut().write(at, &word);
        if self.word(page, place) == Some(word) {
            return Ok(());
        }
        if written.is_err() {
            // Nothing more can be done where all of these fail, too.
            let _ = (0..TRIES).any(|_| self.flash.get_mut().write(at, &[0; WORD as usize]).is_ok());
        }
        Err(LogError::Flash)
    }
}

fn entry(base: Stamp, sequence: u32, word: [u8; 8]) -> Option<Entry> {
    let (after, what) = word::read(word, sequence)?;
    let stamp = match base {
        Stamp::Utc(base) => Stamp::Utc(base + after),
        Stamp::SinceStart(base) => Stamp::SinceStart(base + after),
    };
    Some(Entry { sequence, stamp, what })
}
