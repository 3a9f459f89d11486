//! The learners of the demo: Chinese names, and numbers that check but were never issued.
//!
//! Invariant: no number here can be a living person's. Region codes 3399xx do not exist (Zhejiang
//! has 3301 to 3311), and all birth dates lie in 1800 to 1899, while resident IDs were first issued
//! in 1984. A learner is as old as one born 109 years later: 1899 stands for 2008, so that ages are
//! shaped as in life. Pure; a crash loses nothing.

use std::collections::BTreeSet;

use identity::identifier::resident_id;
use jiff::civil::Date;

use super::random::SplitMix64;

/// The region codes used: this and two digits.
pub const REGION_PREFIX: &str = "3399";
/// First and last year of birth.
pub const BIRTH_YEARS: std::ops::RangeInclusive<i16> = 1800..=1899;

/// A learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// As on the card; may hold rare characters and middle dots.
    pub name: String,
    /// Invented, [`BIRTH_YEARS`].
    pub birth_date: Date,
    /// 18 characters, unique, its check holds.
    pub resident_id: String,
    /// 学籍号 (G and the resident ID), for most of the young.
    pub enrolment_number: Option<String>,
    /// School code of the institution that most of the learner's outcomes come from.
    pub home: String,
}

impl Learner {
    /// Whether the learner is old in the demo's sense (60 in 2026).
    pub fn is_elder(&self) -> bool {
        self.birth_date.year() <= 2026 - 60 - SHIFT
    }
}

/// Years between a birth in the demo and the one it stands for.
const SHIFT: i16 = 109;

/// Surnames, the more frequent first.
const SURNAMES: [&str; 64] = [
    "王", "陈", "李", "张", "徐", "林", "黄", "周", "吴", "叶", "朱", "胡", "金", "杨", "何", "郑",
    "刘", "章", "方", "俞", "沈", "潘", "蒋", "赵", "孙", "余", "钱", "应", "毛", "虞", "裘", "楼",
    "骆", "傅", "范", "卢", "蔡", "董", "童", "姚", "邵", "钟", "姜", "程", "戴", "邱", "汪", "施",
    "竺", "阮", "褚", "谢", "麻", "项", "翁", "缪", "诸葛", "欧阳", "上官", "司马", "尉迟", "钭",
    "仇", "亓",
];

/// Characters of given names.
const GIVEN: [&str; 72] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "秀", "霞", "平", "刚", "桂", "英", "华", "玉", "兰", "晓", "晨", "雨", "欣", "怡", "梓",
    "涵", "浩", "宇", "轩", "思", "佳", "嘉", "琪", "子", "墨", "文", "博", "俊", "婷", "雪", "倩",
    "国", "建", "志", "春", "红", "梅", "海", "波", "斌", "鹏", "飞", "龙", "凤", "仙", "根", "土",
    "水", "法", "云", "月", "星", "瑶", "诗", "航",
];

/// Characters that old character sets lack or that shake software.
const RARE: [&str; 14] = [
    "昇", "𬭎", "喆", "堃", "䶮", "㛃", "𫖯", "𬱖", "燚", "玥", "𣇉", "瑀", "𪟝", "赟",
];

/// Whole names of learners from elsewhere.
const WHOLE: [&str; 8] = [
    "买买提·艾力",
    "阿依古丽·吐尔逊",
    "古丽娜尔·买合木提",
    "扎西·次仁",
    "卓玛·央金",
    "巴特尔·乌力罕",
    "热依汗·艾合买提",
    "Anna-Lena Müller",
];

/// `count` learners, homes still empty.
pub(super) fn generate(random: &mut SplitMix64, count: usize) -> Vec<Learner> {
    let mut used = BTreeSet::new();
    let mut learners = Vec::with_capacity(count);
    while learners.len() < count {
        let birth_date = birth_date(random);
        let resident_id = number(random, birth_date);
        if !used.insert(resident_id.clone()) {
            continue;
        }
        // Enrolment numbers came with the national pupil system; the old never had one.
        let young = birth_date.year() >= 1885;
        let enrolment_number = (young && random.chance(70)).then(|| format!("G{resident_id}"));
        // The issue names two characters that must be met, however small the province.
        let name = match learners.len() {
            0 => "林昇".to_owned(),
            1 => "陈𬭎".to_owned(),
            _ => name(random),
        };
        learners.push(Learner {
            name,
            birth_date,
            resident_id,
            enrolment_number,
            home: String::new(),
        });
    }
    learners
}

fn birth_date(random: &mut SplitMix64) -> Date {
    // Sixty of a hundred students, thirty at work, ten old.
    let years = match random.below(100) {
        0..60 => (1890, *BIRTH_YEARS.end()),
        60..90 => (1858, 1889),
        _ => (1825, 1857),
    };
    let year = random.between(years.0, years.1);
    let days = random.between(
        0,
        if Date::constant(year, 1, 1).in_leap_year() {
            365
        } else {
            364
        },
    );
    Date::constant(year, 1, 1).saturating_add(jiff::Span::new().days(days))
}

fn number(random: &mut SplitMix64, birth_date: Date) -> String {
    let region = random.below(100);
    let serial = random.below(1000);
    let date = birth_date.strftime("%Y%m%d");
    let mut number = format!("{REGION_PREFIX}{region:02}{date}{serial:03}");
    number.extend(resident_id::check_character(&number));
    number
}

fn name(random: &mut SplitMix64) -> String {
    if random.below(200) == 0 {
        return random.pick(&WHOLE).to_owned();
    }
    // The smaller of two draws: the first surnames are the frequent ones.
    let at = random
        .below(SURNAMES.len())
        .min(random.below(SURNAMES.len()));
    let mut name = SURNAMES.get(at).copied().unwrap_or_default().to_owned();
    let characters = if random.chance(80) { 2 } else { 1 };
    for _ in 0..characters {
        name.push_str(if random.chance(3) {
            random.pick(&RARE)
        } else {
            random.pick(&GIVEN)
        });
    }
    name
}
