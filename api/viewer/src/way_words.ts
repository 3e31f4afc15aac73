// Words that the panels share, in both languages.

import type { Language } from "./words.ts";

const zh = {
  listSeparator: "、",
  signIn: "登录",
  token: "登录令牌",
  tokenHint: "令牌只保存在本标签页，关闭即清除。",
  signOut: "退出",
  wrongToken: "令牌无效或已过期。",
  roles: { reader: "查看", proposer: "街道经办", reviewer: "区网格中心", approver: "市网格办", admin: "管理员", "": "未登录" } as Record<string, string>,
  unreachable: "连接不上服务，内容已保留，请稍后再试。",
  faults: {
    401: "未登录，或令牌已失效，请重新登录。", 403: "没有权限办理：", 404: "没有找到，可能已被删除。", 409: "与当前状态冲突：", 412: "别人刚刚改过，请先刷新再办理。", 413: "文件太大。", 422: "不符合规则：", 429: "请求太频繁，请稍后再试。",
  } as Record<number, string>,
  serverFault: "服务出错，内容已保留，请稍后再试。",
  saveAs: "导出表格",
};

type WayWords = typeof zh;

const en: WayWords = {
  listSeparator: ", ",
  signIn: "Sign in",
  token: "Token",
  tokenHint: "The token is kept in this tab only and forgotten with it.",
  signOut: "Sign out",
  wrongToken: "The token is wrong or has expired.",
  roles: { reader: "reader", proposer: "street office", reviewer: "district grid centre", approver: "city grid office", admin: "administrator", "": "not signed in" },
  unreachable: "The service cannot be reached; nothing is lost, try again later.",
  faults: {
    401: "Not signed in, or the token is no longer valid: sign in again.", 403: "You may not do this: ", 404: "Not found; perhaps it was removed.",
      409: "In conflict with the present state: ",
    412: "Somebody has just changed it: refresh first.", 413: "The file is too large.", 422: "Against the rules: ", 429: "Too many requests; try again later.",
  },
  serverFault: "The service failed; nothing is lost, try again later.",
  saveAs: "Save the table",
};

export const wayWords: Record<Language, WayWords> = { zh, en };
