"""Owns the guided tour of the demo's page: a whole loop in nine steps."""

from typing import Any


def _step(who: str | None, typed: str | None, en: tuple[str, str], zh: tuple[str, str]) -> dict[str, Any]:
    return {"title": {"en": en[0], "zh": zh[0]}, "body": {"en": en[1], "zh": zh[1]}, "as": who, "type": typed}


TOUR: tuple[dict[str, Any], ...] = (
    _step(
        "UMAYA",
        "/lead Sunrise Solar, wants a quote for 30 roofs",
        (
            "Capture a lead",
            "You are Maya, a rep. Send the command: the form opens, filled in. Press Save: grade, owner and next step come at once.",
        ),
        ("录入线索", "您是销售 Maya。发送命令，表单已填好；点保存，马上看到分级、负责人和下一步。"),
    ),
    _step(
        "ULEI",
        "/lead SUNRISE SOLAR Ltd., 听说他们要装屋顶光伏",
        (
            "Try the same customer",
            "You are 李雷, on the same team. The form already says who has it, and saving is refused with the reason.",
        ),
        ("撞单", "您是同组的李雷。表单一打开就说明客户在谁手里，保存会被拒绝并说明原因。"),
    ),
    _step(
        "UMAYA",
        "/followup sunrise talked to the CFO; tomorrow 10am send the quote",
        (
            "Follow up in one line",
            "One line saves a follow-up and the next step. The answer repeats what was understood, with Edit and Undo.",
        ),
        ("一句话跟进", "一行文字就记下跟进和下一步，回复会复述理解的内容，可修改、可撤销。"),
    ),
    _step(
        "UMAYA",
        "/opp sunrise",
        ("Advance the stage", "Open the card and press Advance. What the stage demands is asked in the same form."),
        ("推进阶段", "打开卡片点“推进”，该阶段要求的信息在同一张表里填写。"),
    ),
    _step(
        None,
        None,
        (
            "Move the clock",
            "Press “Next working day” at the top, twice. What is not done is nudged to Maya, then told to her manager Grace. Try Snooze.",
        ),
        ("拨动时钟", "在顶部点两次“下一工作日”。没做的事先提醒 Maya，再升级给主管 Grace。试试“稍后提醒”。"),
    ),
    _step(
        "UGRACE",
        "/pipeline",
        (
            "See it as the manager",
            "You are Grace. The digest stands in #sales-apac at nine; /pipeline shows the stages and loop health at any time.",
        ),
        ("主管视角", "您是 Grace。每天九点 #sales-apac 有日报；随时可用 /pipeline 看各阶段和闭环健康度。"),
    ),
    _step(
        "UMAYA",
        "/handover sunrise",
        ("Hand over", "Choose 李雷. Maya stays accountable until he accepts."),
        ("交接", "选择李雷。在他接受之前，Maya 仍然负责。"),
    ),
    _step(
        "ULEI",
        None,
        (
            "Accept with the whole history",
            "You are 李雷. Open Closeloop under Apps: the message has the history, the contact and the next step. Accept it.",
        ),
        ("带着全部历史接手", "您是李雷。打开应用 Closeloop：消息里有历史、联系人和下一步。点接受。"),
    ),
    _step(
        "ULEI",
        "/lost sunrise",
        (
            "Close it, with a reason",
            "Without a reason it is refused; with one the loop is closed, and the history tells it all.",
        ),
        ("关闭要有原因", "没有原因不能关闭；填了原因，闭环完成，历史里一目了然。"),
    ),
)
