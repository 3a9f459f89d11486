//! What is taught: courses with plausible credits, and the other kinds of outcome.
//!
//! Invariant: 16 hours are one credit unless an entry says otherwise. Invented; a crash loses
//! nothing.

use credentials::policy::{Category, OutcomeKind};

/// A field of study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discipline {
    /// Courses that everybody takes.
    General,
    /// 计算机.
    Computing,
    /// 工学.
    Engineering,
    /// 医学.
    Medicine,
    /// 经济与管理.
    Business,
    /// 教育学.
    Education,
    /// 文史.
    Humanities,
    /// 外语.
    Languages,
    /// 法学与公安.
    Law,
    /// 农学.
    Agriculture,
    /// 海洋.
    Marine,
    /// 艺术.
    Arts,
    /// 旅游.
    Tourism,
}

/// Something that can be learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offer {
    /// The awarder's course or activity code.
    pub code: &'static str,
    /// Title.
    pub title: &'static str,
    /// Half credits: 5 is 2.5 credits.
    pub halves: u16,
}

const fn offer(code: &'static str, title: &'static str, halves: u16) -> Offer {
    Offer {
        code,
        title,
        halves,
    }
}

impl Discipline {
    /// Its courses.
    pub fn offers(self) -> &'static [Offer] {
        match self {
            Self::General => &GENERAL,
            Self::Computing => &COMPUTING,
            Self::Engineering => &ENGINEERING,
            Self::Medicine => &MEDICINE,
            Self::Business => &BUSINESS,
            Self::Education => &EDUCATION,
            Self::Humanities => &HUMANITIES,
            Self::Languages => &LANGUAGES,
            Self::Law => &LAW,
            Self::Agriculture => &AGRICULTURE,
            Self::Marine => &MARINE,
            Self::Arts => &ARTS,
            Self::Tourism => &TOURISM,
        }
    }
}

static GENERAL: [Offer; 12] = [
    offer("GE1001", "思想道德与法治", 6),
    offer("GE1002", "中国近现代史纲要", 6),
    offer("GE1003", "马克思主义基本原理", 6),
    offer("GE1004", "形势与政策", 1),
    offer("GE1011", "大学英语(一)", 6),
    offer("GE1012", "大学英语(二)", 6),
    offer("GE1021", "高等数学(上)", 10),
    offer("GE1022", "高等数学(下)", 10),
    offer("GE1023", "线性代数", 5),
    offer("GE1024", "概率论与数理统计", 6),
    offer("GE1031", "体育与健康", 2),
    offer("GE1041", "职业生涯规划", 2),
];

static COMPUTING: [Offer; 10] = [
    offer("CS2001", "C语言程序设计", 7),
    offer("CS2002", "数据结构与算法", 8),
    offer("CS2003", "操作系统", 7),
    offer("CS2004", "计算机网络与通信", 6),
    offer("CS2005", "数据库系统原理", 6),
    offer("CS2006", "软件工程", 5),
    offer("CS2007", "人工智能导论", 4),
    offer("CS2008", "数字逻辑,含实验", 7),
    offer("CS2009", "Web应用开发实训", 4),
    offer("CS2010", "信息安全基础", 4),
];

static ENGINEERING: [Offer; 9] = [
    offer("EN2101", "工程制图", 6),
    offer("EN2102", "理论力学", 8),
    offer("EN2103", "材料力学", 7),
    offer("EN2104", "电路原理", 8),
    offer("EN2105", "模拟电子技术", 7),
    offer("EN2106", "机械设计基础", 6),
    offer("EN2107", "数控加工实训", 4),
    offer("EN2108", "建筑构造与识图", 5),
    offer("EN2109", "工程测量", 5),
];

static MEDICINE: [Offer; 8] = [
    offer("MD2201", "系统解剖学", 9),
    offer("MD2202", "生理学", 8),
    offer("MD2203", "药理学", 7),
    offer("MD2204", "基础护理学", 10),
    offer("MD2205", "中医学概论", 4),
    offer("MD2206", "预防医学", 5),
    offer("MD2207", "急救技能训练", 2),
    offer("MD2208", "老年照护", 4),
];

static BUSINESS: [Offer; 9] = [
    offer("BU2301", "管理学原理", 6),
    offer("BU2302", "微观经济学", 6),
    offer("BU2303", "宏观经济学", 6),
    offer("BU2304", "基础会计", 7),
    offer("BU2305", "财务管理", 6),
    offer("BU2306", "市场营销", 5),
    offer("BU2307", "统计学", 6),
    offer("BU2308", "电子商务实务", 4),
    offer("BU2309", "国际贸易实务", 5),
];

static EDUCATION: [Offer; 7] = [
    offer("ED2401", "教育学基础", 6),
    offer("ED2402", "发展心理学", 5),
    offer("ED2403", "课程与教学论", 5),
    offer("ED2404", "现代教育技术", 4),
    offer("ED2405", "学前儿童游戏", 4),
    offer("ED2406", "融合教育导论", 3),
    offer("ED2407", "教育实习", 12),
];

static HUMANITIES: [Offer; 6] = [
    offer("HU2501", "现代汉语", 6),
    offer("HU2502", "中国古代文学(一)", 6),
    offer("HU2503", "中国文化概论", 4),
    offer("HU2504", "浙江历史与文化", 3),
    offer("HU2505", "文献检索", 2),
    offer("HU2506", "档案管理学", 5),
];

static LANGUAGES: [Offer; 6] = [
    offer("LA2601", "综合英语(一)", 8),
    offer("LA2602", "英语听说,初级", 4),
    offer("LA2603", "日语精读", 8),
    offer("LA2604", "翻译理论与实践", 5),
    offer("LA2605", "商务英语函电", 4),
    offer("LA2606", "第二外语(法语)", 6),
];

static LAW: [Offer; 5] = [
    offer("LW2701", "法理学", 6),
    offer("LW2702", "刑法学", 8),
    offer("LW2703", "民法学", 8),
    offer("LW2704", "治安管理学", 5),
    offer("LW2705", "警务技能", 4),
];

static AGRICULTURE: [Offer; 5] = [
    offer("AG2801", "植物学", 6),
    offer("AG2802", "土壤肥料学", 5),
    offer("AG2803", "茶叶加工学", 4),
    offer("AG2804", "园林植物栽培", 5),
    offer("AG2805", "农产品营销", 3),
];

static MARINE: [Offer; 5] = [
    offer("MA2901", "海洋学导论", 4),
    offer("MA2902", "船舶原理", 6),
    offer("MA2903", "航海学", 8),
    offer("MA2904", "水产养殖学", 6),
    offer("MA2905", "港口物流管理", 4),
];

static ARTS: [Offer; 7] = [
    offer("AR3001", "素描基础", 6),
    offer("AR3002", "色彩构成", 4),
    offer("AR3003", "基本乐理", 4),
    offer("AR3004", "视唱练耳", 4),
    offer("AR3005", "摄影与摄像", 5),
    offer("AR3006", "“非遗”手工艺", 3),
    offer("AR3007", "新闻采访与写作", 5),
];

static TOURISM: [Offer; 4] = [
    offer("TR3101", "导游业务", 5),
    offer("TR3102", "旅游地理", 4),
    offer("TR3103", "酒店前厅与客房", 4),
    offer("TR3104", "茶艺", 2),
];

static OPEN: [Offer; 5] = [
    offer("MOOC-0101", "唐诗经典", 4),
    offer("MOOC-0102", "程序设计入门", 6),
    offer("MOOC-0103", "微积分(一)", 8),
    offer("MOOC-0104", "茶文化与茶健康", 3),
    offer("MOOC-0105", "创新创业基础", 4),
];

static CERTIFICATES: [Offer; 5] = [
    offer("CERT-DGJ-4", "电工职业技能等级证书(四级)", 6),
    offer("CERT-YLHL-3", "养老护理员职业技能等级证书(三级)", 8),
    offer("CERT-1X-WEB", "Web前端开发1+X证书(中级)", 6),
    offer("CERT-CET4", "大学英语四级", 4),
    offer("CERT-PTH-2A", "普通话水平二级甲等", 2),
];

static TRAININGS: [Offer; 4] = [
    offer("TRN-0301", "数控机床操作岗位培训", 5),
    offer("TRN-0302", "电商直播技能培训", 3),
    offer("TRN-0303", "家政服务员培训", 4),
    offer("TRN-0304", "安全生产管理人员培训", 2),
];

static TEACHER_TRAININGS: [Offer; 3] = [
    offer("TT-90A", "中小学教师信息技术应用能力提升", 6),
    offer("TT-90B", "班主任专业发展研修", 4),
    offer("TT-24C", "乡村教师学科素养培训", 3),
];

static ELDER: [Offer; 5] = [
    offer("EL-0501", "智能手机应用(初级)", 2),
    offer("EL-0502", "太极拳", 2),
    offer("EL-0503", "书法,行书入门", 2),
    offer("EL-0504", "越剧欣赏与演唱", 2),
    offer("EL-0505", "健康养生", 1),
];

static STUDY_TOURS: [Offer; 3] = [
    offer("ST-0601", "良渚遗址研学", 1),
    offer("ST-0602", "红船精神研学", 1),
    offer("ST-0603", "舟山海岛科考研学", 2),
];

static COMMUNITY: [Offer; 3] = [
    offer("CM-0701", "社区垃圾分类讲堂", 1),
    offer("CM-0702", "家庭教育公益课", 1),
    offer("CM-0703", "社区消防演练", 1),
];

static VOLUNTEERING: [Offer; 3] = [
    offer("VO-0801", "地铁站智能设备助老", 1),
    offer("VO-0802", "图书馆志愿服务", 1),
    offer("VO-0803", "赛会志愿服务", 2),
];

/// What is on offer of a kind that is no course; nothing for courses and migrated records.
pub fn offers_of(kind: OutcomeKind) -> &'static [Offer] {
    match kind {
        OutcomeKind::Course | OutcomeKind::Migrated => &[],
        OutcomeKind::OpenCourse => &OPEN,
        OutcomeKind::Certificate => &CERTIFICATES,
        OutcomeKind::Training => &TRAININGS,
        OutcomeKind::TeacherTraining => &TEACHER_TRAININGS,
        OutcomeKind::ElderCourse => &ELDER,
        OutcomeKind::StudyTour => &STUDY_TOURS,
        OutcomeKind::Community => &COMMUNITY,
        OutcomeKind::Volunteering => &VOLUNTEERING,
    }
}

/// The category an outcome of a kind goes to.
pub fn category_of(kind: OutcomeKind, undergraduate: bool) -> Category {
    match kind {
        OutcomeKind::Course | OutcomeKind::OpenCourse | OutcomeKind::Migrated if undergraduate => {
            Category::General
        }
        OutcomeKind::Course | OutcomeKind::OpenCourse | OutcomeKind::Migrated => {
            Category::Vocational
        }
        OutcomeKind::Certificate | OutcomeKind::Training | OutcomeKind::TeacherTraining => {
            Category::Achievement
        }
        OutcomeKind::ElderCourse => Category::Elder,
        OutcomeKind::StudyTour | OutcomeKind::Community | OutcomeKind::Volunteering => {
            Category::Community
        }
    }
}

/// Whether outcomes of a kind carry credit; the others are in the scheme `none`.
pub fn carries_credit(kind: OutcomeKind) -> bool {
    !matches!(
        kind,
        OutcomeKind::ElderCourse
            | OutcomeKind::StudyTour
            | OutcomeKind::Community
            | OutcomeKind::Volunteering
    )
}
