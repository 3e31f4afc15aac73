// The page's own words in both languages. Words about the data (titles of
// layers and fields, names of values, units) come from the service.

export type Language = "zh" | "en";

// Title is a text of the service in both languages; either may be missing.
export interface Title { zh?: string; en?: string }

const zh = {
  locale: "zh-CN",
  otherLanguage: "English",
  title: (place: string) => `${place || "网格"}一张图`,
  subtitle: "城市网格空间底图",
  synthetic: "合成数据",
  syntheticLong: "图上内容由程序生成，并非实测；来源与说明见各图层。",
  map: "地图",
  mapKeys: "地图。方向键移动，加减号缩放，回车查看中心处的要素，Esc 关闭。",
  layers: "图层",
  showLayers: "展开图层",
  hideLayers: "收起图层",
  zoomIn: "放大",
  zoomOut: "缩小",
  whole: "全区",
  showWhole: "缩放到此图层",
  groups: { base: "底图", grid: "区划与网格", people: "楼栋与人口", risk: "风险与隐患", response: "应急力量", service: "公共服务", user: "导入图层" },
  otherGroup: "其他",
  asOf: (date: string) => `数据日期 ${date}`,
  noDate: "日期不详",
  fromZoom: (zoom: number) => `地图放大后显示（${zoom} 级起）`,
  zoomThere: (zoom: number) => `放大到 ${zoom} 级`,
  about: (title: string) => `${title}：说明`,
  noValue: "未定级",
  notFilled: "未填写：",
  yes: "是",
  no: "否",
  close: "关闭",
  loading: "正在读取……",
  alsoHere: "此处还有",
  details: "要素详情",
  source: "来源",
  licence: "许可",
  layerFailed: "读取失败。",
  unreachable: "连接不上服务，请检查网络。",
  catalogueFailed: "无法读取图层目录。",
  tilesFailed: "部分地图没有读到，恢复连接后会自动补上。",
  retry: "重试",
  noWebGL: "此浏览器不支持 WebGL，无法显示地图。",
  here: "所在网格与最近站点",
  inGrid: "所在网格",
  outside: "不在任何网格内",
  nearest: "最近的应急站点（直线距离）",
  position: "经纬度",
  licences: "开源许可",
  grouped: (n: string) => `另有 ${n} 个`,
  gone: "此要素已被删除。",
  version: (n: number) => `数据版本 ${n}`,
  lost: (time: string) => `连接中断，显示的是 ${time} 的数据（connection lost）。`,
  behind: "数据库暂时无法读取，显示的是较早的数据。",
  searchHint: "搜索名称、编码或坐标",
  found: "搜索结果",
  clear: "清除",
  foundOf: (all: string, shown: number) => `共 ${all} 条，显示前 ${shown} 条`,
  nothingFound: "没有找到",
  searchFailed: "搜索失败，请稍后再试。",
  coordinates: "坐标",
  doubts: {
    either_order: "无法判断哪个数是经度",
    latitude_first: "按先纬度后经度理解",
    metres_only: "加偏坐标，只精确到米",
    outside: "不在本区任何网格内",
    perhaps_gcj02: "若为 GCJ-02（高德、腾讯）坐标则在本区内",
    taken_as_gcj02: "按 GCJ-02（高德、腾讯）坐标理解，才在本区内",
  },
  km: "公里",
  m: "米",
};

type Words = typeof zh;

const en: Words = {
  locale: "en-GB",
  otherLanguage: "中文",
  title: (place) => (place ? `${place} on one map` : "The grid on one map"),
  subtitle: "Spatial layers of the urban grid",
  synthetic: "synthetic data",
  syntheticLong: "What the map shows is generated, not surveyed; sources and notes are with each layer.",
  map: "Map",
  mapKeys: "Map. Arrow keys move, plus and minus zoom, Enter shows what stands in the middle, Escape closes.",
  layers: "Layers",
  showLayers: "Show layers",
  hideLayers: "Hide layers",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  whole: "Whole district",
  showWhole: "Zoom to this layer",
  groups: { base: "Base", grid: "Divisions and grids", people: "Buildings and people", risk: "Risks and hidden dangers", response: "Response", service: "Public services", user: "Imported layers" },
  otherGroup: "Other",
  asOf: (date) => `as of ${date}`,
  noDate: "date not known",
  fromZoom: (zoom) => `shown when zoomed in (from ${zoom})`,
  zoomThere: (zoom) => `Zoom to ${zoom}`,
  about: (title) => `About ${title}`,
  noValue: "unclassified",
  notFilled: "Not filled in: ",
  yes: "yes",
  no: "no",
  close: "Close",
  loading: "Loading …",
  alsoHere: "Also here",
  details: "Feature details",
  source: "Source",
  licence: "Licence",
  layerFailed: "Could not be read.",
  unreachable: "The service cannot be reached; check the connection.",
  catalogueFailed: "The list of layers could not be read.",
  tilesFailed: "Part of the map could not be read; the page keeps trying.",
  retry: "Try again",
  noWebGL: "This browser has no WebGL and cannot draw the map.",
  here: "Grid and nearest stations here",
  inGrid: "Grid here",
  outside: "in no grid",
  nearest: "Nearest response points (straight line)",
  position: "Longitude, latitude",
  licences: "Open-source licences",
  grouped: (n) => `${n} more`,
  gone: "This feature has been removed.",
  version: (n) => `data version ${n}`,
  lost: (time) => `Connection lost (连接中断): the map shows the data of ${time}.`,
  behind: "The store cannot be read at the moment: the map shows an older state.",
  searchHint: "Search names, codes or coordinates",
  found: "Search results",
  clear: "Clear",
  foundOf: (all, shown) => `the first ${shown} of ${all}`,
  nothingFound: "Nothing found",
  searchFailed: "The search failed; try again later.",
  coordinates: "Coordinates",
  doubts: {
    either_order: "nothing says which figure is the longitude",
    latitude_first: "taken as latitude before longitude",
    metres_only: "shifted coordinates, good to metres only",
    outside: "in no grid of the district",
    perhaps_gcj02: "inside the district if these are GCJ-02 coordinates",
    taken_as_gcj02: "taken as GCJ-02, as only so it lies in the district",
  },
  km: "km",
  m: "m",
};

export const dictionaries: Record<Language, Words> = { zh, en };
export type { Words };

// inWords is a title in a language, or in the other one if it is missing.
export function inWords(title: Title | undefined, language: Language, fallback = ""): string {
  const other = language === "zh" ? "en" : "zh";
  return title?.[language] || title?.[other] || fallback;
}

// preferred is the language of a reader: as chosen before, else as the browser says.
export function preferred(chosen: string | null): Language {
  if (chosen === "zh" || chosen === "en") return chosen;
  return navigator.languages.some((l) => l.toLowerCase().startsWith("zh")) ? "zh" : "en";
}
