//! Opens the files: every segment's ends, all records of the last one, and what a crash left.
//!
//! Invariant: what the head file acknowledges is found, or opening refuses; above it a whole group is
//! kept and a torn one is cut whole, its bytes set aside, its space zeroed and synced. Bytes above
//! the head are cut only when a crash explains them.
//! A crash here leaves a log that opens again: every step may be repeated.

use std::io;
use std::sync::Arc;

use super::damage::{Damage, Fault, OpenError};
use super::disk::{Disk, DiskFile};
use super::head::{self, HEAD_NAME, HEAD_NEW_NAME, Head, HeadFile};
use super::layout::{
    FOOTER_BYTES, Footer, HEADER_BYTES, Header, RUNNING_START, Slot, parse_segment_name,
    segment_name,
};
use super::log::State;
use super::scan::{Scan, not_zero, scan};
use super::segment::{Handle, Segment};
use super::spare::SPARE_NAME;
use super::{Checks, Options};
use crate::hash::Digest;

/// A log opened for its writer.
pub(super) struct Opened<F> {
    /// What readers see.
    pub(super) state: State<F>,
    pub(super) head: HeadFile<F>,
    /// The segment that grows.
    pub(super) handle: Arc<Handle<F>>,
}

/// Opens the log for its writer, makes it if there is none, repairs what a crash left.
pub(super) fn open_writable<D: Disk, C: Checks>(
    disk: &D,
    options: Options,
) -> Result<Opened<D::File>, OpenError> {
    let names = disk.list()?;
    let firsts = segments_of(&names)?;
    for leftover in [SPARE_NAME, HEAD_NEW_NAME] {
        if names.iter().any(|n| n == leftover) {
            disk.remove(leftover)?;
        }
    }
    if !names.iter().any(|n| n == HEAD_NAME) {
        if let Some(first) = firsts.first() {
            return Err(damage(HEAD_NAME, *first, Fault::Missing));
        }
        head::create(disk)?;
    }
    let (mut head_file, head) = HeadFile::open(disk, true)?;
    if firsts.is_empty() && head.slot.next == 0 {
        make_first_segment(disk, options)?;
    }
    let firsts = segments_of(&disk.list()?)?;
    let survey = Survey::of::<D, C>(disk, &firsts, head.slot, true)?;
    let (segment, header, handle) = survey.last;
    let scan = scan(&segment, &header, &handle.file, &survey.base, C::CRC, true)?;
    repair::<D, C>(disk, &names, &segment, &handle.file, &head, &scan)?;
    // A name or a slot that only the page cache knows must not carry an acknowledgement.
    disk.sync_dir()?;
    head_file.write(scan.next, scan.running)?;
    head_file.sync()?;
    let mut segments = survey.closed;
    segments.push(Arc::new(segment));
    Ok(Opened {
        state: scan.into_state(segments),
        head: head_file,
        handle,
    })
}

/// Opens what the head file acknowledges, changing nothing; a writer may be at work.
pub(super) fn open_read_only<D: Disk, C: Checks>(disk: &D) -> Result<State<D::File>, OpenError> {
    if !disk.list()?.iter().any(|n| n == HEAD_NAME) {
        return Err(OpenError::Absent);
    }
    let head = match HeadFile::open(disk, false) {
        // Two slots overtaken in the middle of reading are not two damaged slots: look again.
        Err(OpenError::Damaged(_)) => HeadFile::open(disk, false)?.1,
        opened => opened?.1,
    };
    // Listed after the head was read: all segments below it are there by now.
    let mut firsts = segments_of(&disk.list()?)?;
    firsts.retain(|first| *first <= head.slot.next);
    if firsts.is_empty() && head.slot.next == 0 {
        return Err(OpenError::Absent);
    }
    let survey = Survey::of::<D, C>(disk, &firsts, head.slot, false)?;
    let (segment, header, handle) = survey.last;
    let scan = scan(&segment, &header, &handle.file, &survey.base, C::CRC, false)?;
    let mut segments = survey.closed;
    segments.push(Arc::new(segment));
    Ok(scan.into_state(segments))
}

fn damage(file: &str, position: u64, fault: Fault) -> OpenError {
    Damage {
        file: file.into(),
        offset: 0,
        position,
        fault,
    }
    .into()
}

/// First positions of the segments, in order.
fn segments_of(names: &[String]) -> Result<Vec<u64>, OpenError> {
    let mut firsts = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("segment-")) {
        match parse_segment_name(name) {
            Some(first) => firsts.push(first),
            None => return Err(damage(name, 0, Fault::Header)),
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

fn make_first_segment<D: Disk>(disk: &D, options: Options) -> io::Result<()> {
    let header = Header {
        bytes: options.segment_bytes,
        first: 0,
        running: RUNNING_START,
    };
    let file = disk.create(SPARE_NAME)?;
    file.write_zeros(0, options.segment_bytes as usize)?;
    file.write_all_at(&header.encode(), 0)?;
    file.sync_data()?;
    disk.rename(SPARE_NAME, &segment_name(0))?;
    disk.sync_dir()
}

/// The segments, joined end to end by position and running hash.
struct Survey<F> {
    closed: Vec<Arc<Segment<F>>>,
    last: (Segment<F>, Header, Arc<Handle<F>>),
    /// What is acknowledged.
    base: Slot,
}

impl<F: DiskFile> Survey<F> {
    fn of<D: Disk<File = F>, C: Checks>(
        disk: &D,
        firsts: &[u64],
        head: Slot,
        writable: bool,
    ) -> Result<Self, OpenError> {
        let mut closed = Vec::with_capacity(firsts.len());
        let mut expected = (0, RUNNING_START);
        let Some((last, before)) = firsts.split_last() else {
            return Err(damage(&segment_name(0), 0, Fault::Missing));
        };
        // Told first: a segment before it would seem to lack its footer.
        if C::HEAD && *last > head.next {
            return Err(damage(&segment_name(*last), *last, Fault::Extra(head.next)));
        }
        for first in before {
            let name = segment_name(*first);
            let file = disk.open(&name, false)?;
            let header = header_of(&file, &name, *first, expected)?;
            let footer = footer_of(&file, &name, &header)?;
            expected = (first + u64::from(footer.count), footer.running);
            closed.push(Arc::new(Segment::closed(&header, footer)));
        }
        let name = segment_name(*last);
        let file = disk.open(&name, writable)?;
        let header = header_of(&file, &name, *last, expected)?;
        if let Ok(footer) = footer_of(&file, &name, &header) {
            let end = header.first + u64::from(footer.count);
            if C::HEAD && end < head.next {
                return Err(damage(&segment_name(end), end, Fault::Missing));
            }
        }
        let base = if C::HEAD {
            head
        } else {
            Slot {
                next: header.first,
                running: header.running,
                ..head
            }
        };
        let handle = Handle::new(file);
        let segment = Segment::growing(&header, Arc::clone(&handle));
        Ok(Self {
            closed,
            last: (segment, header, handle),
            base,
        })
    }
}

/// Reads a header and checks that this file belongs here.
fn header_of<F: DiskFile>(
    file: &F,
    name: &str,
    first: u64,
    expected: (u64, Digest),
) -> Result<Header, OpenError> {
    if first > expected.0 {
        return Err(damage(
            &segment_name(expected.0),
            expected.0,
            Fault::Missing,
        ));
    }
    let found = file.size()?;
    let mut bytes = [0; HEADER_BYTES];
    if found < (HEADER_BYTES + FOOTER_BYTES) as u64 {
        let expected = (HEADER_BYTES + FOOTER_BYTES) as u64;
        return Err(damage(name, first, Fault::Size { expected, found }));
    }
    file.read_exact_at(&mut bytes, 0)?;
    let header = Header::decode(&bytes).ok_or_else(|| damage(name, first, Fault::Header))?;
    let fault = if header.first != first {
        Fault::FirstPosition(header.first)
    } else if u64::from(header.bytes) != found {
        let expected = u64::from(header.bytes);
        Fault::Size { expected, found }
    } else if first < expected.0 {
        Fault::Extra(expected.0)
    } else if header.running != expected.1 {
        Fault::Running
    } else {
        return Ok(header);
    };
    Err(damage(name, first, fault))
}

/// Reads the footer of a segment that has a successor.
fn footer_of<F: DiskFile>(file: &F, name: &str, header: &Header) -> Result<Footer, OpenError> {
    let offset = header.bytes as usize - FOOTER_BYTES;
    let mut bytes = [0; FOOTER_BYTES];
    file.read_exact_at(&mut bytes, offset as u64)?;
    Footer::decode(&bytes)
        .filter(|footer| footer.first == header.first && footer.end <= header.bytes)
        .ok_or_else(|| {
            Damage {
                file: name.into(),
                offset: offset as u64,
                position: header.first,
                fault: Fault::Footer,
            }
            .into()
        })
}

/// Makes what is above the head durable if it is whole and zero if it is torn.
fn repair<D: Disk, C: Checks>(
    disk: &D,
    names: &[String],
    segment: &Segment<D::File>,
    file: &D::File,
    head: &Head,
    scan: &Scan,
) -> Result<(), OpenError> {
    let accepted = scan.end > scan.head_end;
    if let Some((from, to)) = not_zero(file, scan.end, segment.bytes as usize)? {
        // A group is written only while both slots are good and nothing stands above the head. So
        // torn bytes beside a bad slot, or behind a whole group above the head, are no crash's
        // work: they may have been acknowledged by a head that was lost.
        if C::HEAD && (accepted || head.one_slot_bad) {
            let fault = Fault::Unexplained;
            return Err(segment.damage(from, scan.next, fault).into());
        }
        set_aside(disk, names, file, scan.next, from..to)?;
        file.write_zeros(from as u64, to - from)?;
        file.sync_data()?;
    }
    if accepted {
        // The page cache may hold what a killed process never synced, or what a failed sync gave
        // up: only writing it again makes a sync mean something.
        let mut bytes = vec![0; scan.end - scan.head_end];
        file.read_exact_at(&mut bytes, scan.head_end as u64)?;
        file.write_all_at(&bytes, scan.head_end as u64)?;
        file.sync_data()?;
    }
    Ok(())
}

/// Keeps bytes that are cut, for a person to look at.
fn set_aside<D: Disk>(
    disk: &D,
    names: &[String],
    file: &D::File,
    position: u64,
    range: std::ops::Range<usize>,
) -> io::Result<()> {
    let mut bytes = vec![0; range.len()];
    file.read_exact_at(&mut bytes, range.start as u64)?;
    let free = (0..).map(|n: u64| format!("aside-{position:020}-{n}.bin"));
    let name = free.into_iter().find(|name| !names.contains(name));
    let aside = disk.create(&name.unwrap_or_default())?;
    aside.write_all_at(&bytes, 0)?;
    aside.sync_data()?;
    disk.sync_dir()
}
