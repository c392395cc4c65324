"""Owns what happened in the demo's workspace before the visitor came: a few weeks of selling, as acts to be played.

An act is a day (0 is the first Monday), a local time, who acts, what they do, and with what.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody did to one opportunity."""

    day: int
    time: str
    who: str
    verb: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """One opportunity from capture on; the first act is the capture."""

    acts: tuple[Act, ...]


def _capture(day: int, time: str, who: str, customer: str, need: str, **values: Any) -> Act:
    return Act(day, time, who, "capture", {"customer_name": customer, "need": need, **values})


def _follow(
    day: int, time: str, who: str, way: str, said: str, answered: str | None, step: str, due: tuple[int, str]
) -> Act:
    return Act(
        day, time, who, "follow_up", {"way": way, "said": said, "answered": answered, "next_step": step, "due": due}
    )


def _advance(day: int, time: str, who: str, stage: str, **edit: Any) -> Act:
    return Act(day, time, who, "advance", {"stage": stage, **edit})


_QUALIFIED = {"facts": {"budget": "likely", "authority": "influencer", "intent": "question"}}
_HOT = {"facts": {"budget": "confirmed", "authority": "decider", "intent": "quote"}}

STORIES = (
    Story((
        _capture(0, "09:20", "UMAYA", "Marina Bay Logistics Pte Ltd", "Track 400 trucks in one place", amount="84k", source="referral",
                 contact_name="Daniel Ong", contact_title="COO", contact_phone="+65 6123 4567", contact_email="daniel@marinabay.example",
                 product="Fleet", industry="Logistics", close=40),
        _follow(0, "15:10", "UMAYA", "call", "Walked Daniel through the live map", "Wants to see alerts for late deliveries", "Demo of alerts", (2, "14:00")),
        _advance(0, "15:30", "UMAYA", "qualified", **_HOT),
        _follow(2, "15:00", "UMAYA", "meeting", "Showed alerts with their own data", "Operations loved it", "Send the solution outline", (4, "17:00")),
        Act(3, "11:00", "ULEI", "collide", {"customer_name": "MARINA BAY LOGISTICS", "need": "Met them at a fair"}),
        _advance(4, "16:00", "UMAYA", "solution", **_HOT),
        _follow(4, "16:30", "UMAYA", "mail", "Sent the outline with three phases", None, "Call Daniel about phase one", (8, "10:00")),
        _follow(8, "10:30", "UMAYA", "call", "Agreed to begin with 120 trucks", "Needs a quote for the board", "Send the quote", (9, "17:00")),
        _advance(9, "14:00", "UMAYA", "quote", **_HOT),
        _follow(9, "14:20", "UMAYA", "mail", "Quote sent, valid for 30 days", "Board meets on the 25th", "Call after the board meeting", (24, "15:00")),
    )),
    Story((
        _capture(0, "10:05", "ULEI", "上海晨光精密仪器有限公司", "车间设备联网，要看实时状态", amount="36万元", source="inbound", contact_name="周敏", contact_title="生产总监",
                 contact_phone="+86 138 1600 2211", product="IoT", industry="制造", close=60),
        _follow(0, "16:00", "ULEI", "wechat", "加了微信，发了案例", "想看同行怎么做", "约现场参观", (2, "10:00")),
        _advance(1, "10:00", "ULEI", "qualified", **_QUALIFIED),
        _follow(2, "11:00", "ULEI", "visit", "现场看了三条产线", "老设备能不能接是关键", "让 Tom 出接入方案", (7, "17:30")),
        _advance(7, "17:00", "ULEI", "solution", **_QUALIFIED),
        _follow(7, "17:20", "ULEI", "meeting", "和 Tom 一起讲了接入方案", "认可，预算要等季度会", "季度会后跟进预算", (14, "10:00")),
        _follow(14, "11:00", "ULEI", "call", "预算批了 30 万", "要正式报价", "发报价", (16, "17:00")),
        _advance(16, "15:00", "ULEI", "quote", **_HOT),
        _follow(16, "15:30", "ULEI", "mail", "报价 33 万，含一年服务", "在走内部流程", "问流程走到哪一步", (22, "16:00")),
    )),
    Story((
        _capture(1, "09:40", "UMAYA", "Kestrel Foods Ltd", "Cold-chain sensors for two warehouses", amount="27k", source="event",
                 contact_name="Priya Nair", contact_title="Quality lead", contact_email="priya@kestrelfoods.example", product="IoT", industry="Food", close=35),
        _follow(1, "15:00", "UMAYA", "call", "Sensors, alarms, audit reports", "Audit is in May", "Site visit", (3, "10:00")),
        _advance(2, "09:30", "UMAYA", "qualified", **_HOT),
        _follow(3, "12:00", "UMAYA", "visit", "Measured both halls", "48 sensors are enough", "Quote for 48 sensors", (7, "12:00")),
        _advance(7, "11:00", "UMAYA", "quote", **_HOT),
        _follow(7, "11:20", "UMAYA", "mail", "Quote sent", "Price is fine", "Contract to sign", (10, "15:00")),
        _advance(10, "14:30", "UMAYA", "contract", quote=True, **_HOT),
        _follow(10, "14:40", "UMAYA", "mail", "Contract sent for signature", "With legal", "Ask legal", (15, "10:00")),
        Act(15, "10:20", "UMAYA", "win", {"reason": "fit", "amount": "26,400", "note": "Audit reports decided it"}),
    )),
    Story((
        _capture(1, "11:15", "ULEI", "杭州云栖酒店管理有限公司", "前台工单太乱，想统一", amount="8万", source="outbound", contact_name="何经理", contact_phone="+86 139 5710 8899", close=45),
        _follow(1, "17:00", "ULEI", "call", "了解了 6 家店的流程", "预算不多", "发简版方案", (4, "12:00")),
        _advance(3, "10:00", "ULEI", "qualified", **_QUALIFIED),
        _follow(4, "11:30", "ULEI", "mail", "发了简版方案", "在和另一家比价", "听对比结果", (9, "10:00")),
        Act(9, "14:00", "ULEI", "lose", {"reason": "price", "competitor": "本地软件商", "note": "对方便宜一半", "win_back": True}),
    )),
    Story((
        _capture(2, "09:10", "UMAYA", "Orchid Health Group", "Patient reminders in three languages", amount="120k", source="referral",
                 contact_name="Dr. Farah Aziz", contact_title="Chief digital officer", contact_phone="+60 3 2345 6789", contact_email="farah@orchidhealth.example",
                 product="Messaging", industry="Healthcare", close=30),
        _follow(2, "11:00", "UMAYA", "call", "Needs Malay, Chinese and English", "Wants a pilot in one clinic", "Pilot plan", (3, "17:00")),
        _advance(2, "11:30", "UMAYA", "qualified", **_HOT),
        _follow(3, "16:30", "UMAYA", "meeting", "Pilot plan agreed", "Starts on the 16th", "Check the pilot's first day", (14, "16:00")),
        _advance(8, "16:00", "UMAYA", "solution", **_HOT),
        _follow(14, "16:20", "UMAYA", "call", "First day: 92 % delivered", "Very happy", "Review pilot, talk price", (21, "11:00")),
        _advance(21, "11:30", "UMAYA", "quote", **_HOT),
        _follow(21, "11:45", "UMAYA", "mail", "Quote for all nine clinics", "Farah decides this week", "Call Farah about the quote", (22, "15:00")),
    )),
    Story((
        _capture(2, "14:00", "UHAN", "深圳市鹏程新能源股份有限公司", "充电站远程运维", amount="52万元", source="partner", contact_name="林工", contact_title="运维总监",
                 contact_phone="+86 135 1000 7788", product="IoT", industry="新能源", close=50),
        _follow(2, "17:00", "UHAN", "call", "了解 40 个站点的情况", "故障响应太慢", "出方案框架", (4, "17:00")),
        _advance(3, "09:30", "UHAN", "qualified", **_HOT),
        _follow(4, "16:40", "UHAN", "meeting", "讲了方案框架", "希望先试 5 个站", "试点报价", (9, "17:00")),
        _advance(9, "15:00", "UHAN", "solution", **_HOT),
        _follow(9, "15:20", "UHAN", "wechat", "发了试点报价", "老板在看", "问老板意见", (15, "10:00")),
        _follow(15, "10:30", "UHAN", "call", "老板同意试点", "要正式合同", "准备合同", (18, "17:00")),
        _advance(18, "15:30", "UHAN", "contract", quote=True, **_HOT),
        _follow(18, "16:00", "UHAN", "mail", "合同已发", "法务在审", "跟进法务", (23, "10:00")),
    )),
    Story((
        _capture(3, "10:20", "ULEI", "Nanyang Robotics", "Spare-parts forecast", amount="45k", source="inbound", contact_name="Wei Jie Tan",
                 contact_email="wj.tan@nanyangrobotics.example", product="Analytics", industry="Robotics", close=70),
        _follow(3, "15:30", "ULEI", "mail", "Sent two case studies", "Interesting, busy until the 16th", "Call again", (14, "14:00")),
        _advance(4, "10:00", "ULEI", "qualified", **_QUALIFIED),
        _follow(14, "14:30", "ULEI", "call", "Talked through their stock-outs", "Wants numbers from our other customers", "Send the numbers", (17, "17:00")),
        Act(17, "11:00", "ULEI", "handover", {"to": "UMAYA", "note": "Prefers English; I have introduced Maya by mail."}),
        Act(17, "15:00", "UMAYA", "accept"),
        _follow(17, "16:30", "UMAYA", "mail", "Introduced myself, sent the numbers", "Thanks, reading", "Call Wei Jie", (23, "11:00")),
    )),
    Story((
        _capture(3, "11:00", "UHAN", "广州白云国际物流集团", "报关单据自动识别", amount="120万", source="referral", contact_name="黄总", contact_phone="+86 136 0222 3344",
                 product="Documents", industry="物流", close=45),
        _follow(3, "14:00", "UHAN", "visit", "拜访黄总，演示识别", "准确率要 98% 以上", "用他们的单据测试", (8, "17:00")),
        _advance(4, "10:00", "UHAN", "solution", **_HOT),
        _follow(8, "16:00", "UHAN", "meeting", "测试结果 98.6%", "非常满意", "发报价", (10, "17:00")),
        _advance(10, "11:00", "UHAN", "quote", **_HOT),
        _follow(10, "11:30", "UHAN", "mail", "报价 115 万", "要谈付款方式", "谈付款方式", (15, "15:00")),
        _advance(15, "15:30", "UHAN", "contract", quote=True, **_HOT),
        _follow(15, "15:40", "UHAN", "meeting", "三期付款谈妥", "下周签", "签约", (21, "10:00")),
        Act(21, "10:40", "UHAN", "win", {"reason": "fit", "amount": "115万", "note": "识别准确率是关键"}),
    )),
    Story((
        _capture(7, "09:30", "UMAYA", "Bluewater Shipping", "Crew rota on the phone", amount="15k", source="outbound", contact_name="Sam Lee", contact_phone="+65 6777 1234", close=50),
        _follow(7, "16:00", "UMAYA", "call", "Uses spreadsheets today", "Not urgent", "Send a short video", (9, "12:00")),
        _follow(9, "11:00", "UMAYA", "mail", "Sent the video", None, "Ask what he thought", (14, "12:00")),
        _follow(14, "11:20", "UMAYA", "call", "No answer, left a message", None, "Try again", (16, "15:00")),
        Act(16, "15:30", "UMAYA", "lose", {"reason": "unreachable", "note": "Four tries in two weeks"}),
    )),
    Story((
        _capture(8, "10:00", "ULEI", "苏州工业园区恒瑞检测中心", "检测报告在线查询", amount="18万", source="event", contact_name="吴主任", contact_phone="+86 137 7188 6655", industry="检测", close=40),
        _follow(8, "15:00", "ULEI", "call", "现场活动上聊过，细化了需求", "希望五月上线", "发方案", (11, "17:00")),
        _advance(9, "10:00", "ULEI", "qualified", **_QUALIFIED),
        _follow(11, "16:00", "ULEI", "mail", "方案已发", "要开会讨论", "会后回访", (18, "10:00")),
        _follow(18, "10:30", "ULEI", "call", "会议推到下周", "方向认可", "周一再问", (21, "10:00")),
    )),
    Story((
        _capture(9, "14:10", "UMAYA", "Saffron Retail Sdn Bhd", "Loyalty app for 60 shops", amount="66k", source="partner", contact_name="Aisyah Rahman",
                 contact_title="Head of marketing", contact_email="aisyah@saffron.example", product="Loyalty", industry="Retail", close=75),
        _follow(9, "17:00", "UMAYA", "call", "They have 200,000 card holders", "Wants to keep the old cards", "Workshop", (15, "14:00")),
        _advance(10, "10:00", "UMAYA", "qualified", **_QUALIFIED),
        _follow(15, "17:00", "UMAYA", "meeting", "Workshop with Tom", "Old cards can be migrated", "Solution paper", (22, "17:00")),
        _advance(16, "09:30", "UMAYA", "solution", **_QUALIFIED),
    )),
    Story((
        _capture(10, "09:50", "UHAN", "佛山南海陶瓷有限公司", "窑炉能耗监测", amount="26万", source="outbound", contact_name="邓厂长", contact_phone="+86 138 2771 9900", industry="陶瓷", close=60),
        _follow(10, "16:00", "UHAN", "visit", "看了两座窑炉", "关心回本时间", "算回本周期", (15, "12:00")),
        _advance(11, "10:00", "UHAN", "qualified", **_QUALIFIED),
        _follow(15, "11:00", "UHAN", "wechat", "回本约 14 个月", "可以接受", "约老板谈", (21, "15:00")),
    )),
    Story((
        _capture(11, "10:40", "ULEI", "Pacific Insurance Brokers", "Claims inbox that sorts itself", amount="38k", source="inbound", contact_name="Helen Wu",
                 contact_email="helen@pacificbrokers.example", product="Documents", industry="Insurance", close=55),
        _follow(11, "14:00", "ULEI", "call", "600 mails a day, two people", "Likes the idea", "Trial with 1,000 mails", (16, "10:00")),
        _advance(14, "10:00", "ULEI", "qualified", **_HOT),
        _follow(16, "10:30", "ULEI", "meeting", "Trial: 94 % sorted right", "Wants 97 %", "Second trial", (23, "14:00")),
        _advance(16, "11:00", "ULEI", "solution", **_HOT),
    )),
    Story((
        _capture(15, "13:30", "UGRACE", "Merlion Media", "Reports for 30 advertisers", amount="22k", source="inbound", contact_name="Joan Goh",
                 contact_email="joan@merlionmedia.example", mine=False),
        Act(15, "14:10", "*", "accept"),
        _follow(15, "16:00", "*", "call", "Joan sends reports by hand", "Wants it before May", "Show the template", (22, "11:30")),
        _advance(16, "13:30", "*", "qualified", **_QUALIFIED),
    )),
    Story((
        _capture(16, "10:00", "UHAN", "珠海横琴跨境电商", "退换货流程自动化", source="event", contact_name="谢小姐", contact_phone="+86 135 0999 4321", amount="9万", close=40),
        _follow(16, "15:20", "UHAN", "wechat", "发了产品介绍", "最近在换系统", "等他们换完系统", (22, "17:00")),
    )),
    Story((
        _capture(21, "16:40", "UGRACE", "Harbour Clinics", "Online booking for 8 clinics", amount="30k", source="referral", contact_name="Dr. Evan Koh",
                 contact_phone="+65 6555 0101", mine=False),
    )),
    Story((
        _capture(21, "17:10", "UMAYA", "Lotus Garden Hotels", "Guest chat in WeChat and WhatsApp", amount="54k", source="inbound", contact_name="Mei Lin",
                 contact_email="mei@lotusgarden.example", product="Messaging", industry="Hotels", close=60),
    )),
)  # fmt: skip
