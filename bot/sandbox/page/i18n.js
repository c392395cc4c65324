// The page's own words in the person's language. What the app says comes from the app.

import { store } from "./store.js";

const WORDS = {
  skip: ["Skip to the conversation", "跳到会话"],
  channels: ["Channels", "频道"],
  dms: ["Direct messages", "私信"],
  apps: ["Apps", "应用"],
  you: ["you", "你"],
  unread: ["{n} unread", "{n} 条未读"],
  menu: ["Conversations", "会话列表"],
  jump: ["Jump to…", "跳转到…"],
  jumpTitle: ["Jump to a conversation", "跳转到会话"],
  nothing: ["Nothing found", "没有找到"],
  switchPerson: ["Be somebody else", "切换身份"],
  newWindow: ["Open as this person in a new window", "以此身份打开新窗口"],
  role_rep: ["Rep", "销售"],
  role_specialist: ["Specialist", "售前"],
  role_manager: ["Manager", "经理"],
  role_admin: ["Admin", "管理员"],
  home: ["Home", "主页"],
  messages: ["Messages", "消息"],
  homeEmpty: ["The app has not drawn its Home yet.", "应用还没有显示主页。"],
  membersCount: ["{n} members", "{n} 位成员"],
  member1: ["1 member", "1 位成员"],
  messageTo: ["Message {name}", "发消息给 {name}"],
  replyTo: ["Reply…", "回复…"],
  send: ["Send", "发送"],
  shortcuts: ["Shortcuts", "快捷方式"],
  noShortcuts: ["No shortcuts", "没有快捷方式"],
  app: ["APP", "应用"],
  onlyYou: ["Only visible to you", "仅你可见"],
  edited: ["(edited)", "（已编辑）"],
  deleted: ["This message was deleted.", "此消息已删除。"],
  thread: ["Thread", "消息列"],
  replyInThread: ["Reply in thread", "在消息列中回复"],
  replies: ["{n} replies", "{n} 条回复"],
  reply1: ["1 reply", "1 条回复"],
  more: ["More actions", "更多操作"],
  copyLink: ["Copy link", "复制链接"],
  copied: ["Link copied", "链接已复制"],
  newHere: ["New", "新消息"],
  start: ["This is the very beginning of {name}.", "这是 {name} 的开头。"],
  close: ["Close", "关闭"],
  cancel: ["Cancel", "取消"],
  back: ["Back", "返回"],
  submit: ["Submit", "提交"],
  optional: ["(optional)", "（可选）"],
  required: ["Please complete this required field.", "请填写此必填项。"],
  tooShort: ["At least {n} characters, please.", "请至少输入 {n} 个字符。"],
  notNumber: ["A number, please.", "请输入数字。"],
  notInteger: ["A whole number, please.", "请输入整数。"],
  tooSmall: ["Not less than {n}, please.", "不能小于 {n}。"],
  tooLarge: ["Not more than {n}, please.", "不能大于 {n}。"],
  notEmail: ["A mail address, please.", "请输入邮箱地址。"],
  notUrl: ["A web address, please (https://…).", "请输入网址（https://…）。"],
  notDate: ["A date such as 2026-03-05, please.", "请输入日期，例如 2026-03-05。"],
  choose: ["Choose", "选择"],
  clear: ["Clear", "清除"],
  remove: ["Remove {name}", "移除 {name}"],
  typeMore: ["Type at least {n} characters", "请至少输入 {n} 个字符"],
  searching: ["Searching…", "正在搜索…"],
  noAnswer: [
    "{app} did not respond in time. It may have worked all the same: look before you try again.",
    "{app} 没有及时响应。操作也可能已经生效：重试前请先查看。",
  ],
  noCommand: ["{command} is not a valid command.", "{command} 不是有效的命令。"],
  noThreadCommand: ["{command} does not work in threads.", "消息列中不能使用 {command}。"],
  network: ["The sandbox cannot be reached.", "无法连接沙盒。"],
  failed: ["That did not work: {error}", "操作失败：{error}"],
  absent: ["{app} is not connected.", "{app} 未连接。"],
  trouble: ["{app} answered with something that Slack would not take.", "{app} 的回复不符合 Slack 的规则。"],
  gone: ["This is no longer there. It may have changed meanwhile.", "该内容已不存在，可能已被更新。"],
  outside: ["You are not in this channel.", "你不在这个频道中。"],
  disabled: ["This person's account is deactivated.", "此成员的账号已停用。"],
  busyClock: ["The clock is still moving.", "时钟仍在推进。"],
  newDm: ["New message", "新私信"],
  offline: ["Reconnecting…", "正在重新连接…"],
  clock: ["Business clock", "业务时钟"],
  hour: ["+1 hour", "+1 小时"],
  workday: ["Next working day", "下一工作日"],
  week: ["+1 week", "+1 周"],
  hourShort: ["+1 h", "+1 时"],
  workdayShort: ["+1 day", "+1 日"],
  weekShort: ["+1 wk", "+1 周"],
  moving: ["The clock is moving on…", "时钟正在推进…"],
  guide: ["Guided tour", "引导"],
  guideStep: ["Step {n} of {all}", "第 {n} 步，共 {all} 步"],
  beThis: ["Be {name}", "切换为 {name}"],
  youAre: ["You are {name}", "你现在是 {name}"],
  typeIt: ["Type it for me", "替我输入"],
  previous: ["Back", "上一步"],
  next: ["Next", "下一步"],
  done: ["Done", "完成"],
  hideGuide: ["Hide the tour", "隐藏引导"],
  today: ["Today", "今天"],
  yesterday: ["Yesterday", "昨天"],
  tomorrow: ["Tomorrow", "明天"],
  date: ["Date", "日期"],
  time: ["Time", "时间"],
  previousMonth: ["Previous month", "上个月"],
  nextMonth: ["Next month", "下个月"],
  download: ["Download", "下载"],
  video: ["Video", "视频"],
  unsupported: ["A block that this sandbox does not draw: {type}", "沙盒无法显示的内容：{type}"],
  command: ["Command", "命令"],
  enterToSend: ["Enter sends · Shift + Enter starts a new line", "回车发送 · Shift + 回车换行"],
  loading: ["Loading…", "加载中…"],
  allHere: ["{name} (all)", "{name}（全体）"],
};

export const isChinese = () => (store.me?.locale ?? "en-US").startsWith("zh");
export const locale = () => (isChinese() ? "zh-CN" : "en-US");

/** A phrase in the person's language, with {names} filled in. */
export function t(key, values = {}) {
  const phrase = WORDS[key]?.[isChinese() ? 1 : 0] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Picks from {"en": …, "zh": …}. */
export const pick = (texts) =>
  typeof texts === "string" ? texts : (texts?.[isChinese() ? "zh" : "en"] ?? texts?.en ?? "");

const REFUSALS = {
  timeout: "noAnswer",
  network: "network",
  dispatch_failed: "absent",
  http_service_error: "absent",
  no_open_view: "gone",
  not_found: "gone",
  no_such_element: "gone",
  message_not_found: "gone",
  not_in_channel: "outside",
  user_disabled: "disabled",
  clock_busy: "busyClock",
};

/** One sentence for an answer with ok = false. */
export function refusal(answer) {
  const app = store.app.name;
  if (REFUSALS[answer.error]) return t(REFUSALS[answer.error], { app });
  if (answer.error?.startsWith("invalid_")) return `${t("trouble", { app })} (${answer.error})`;
  return answer.text ?? t("failed", { error: answer.error ?? "?" });
}
