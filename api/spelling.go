package api

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold writes a text so that spellings of one name come out alike: full-width
// and other compatibility forms as plain ones, capitals small, traditional
// characters simplified, white space as single blanks.
func fold(text string) string {
	text = strings.Map(simplify, norm.NFKC.String(text))
	return strings.Join(strings.Fields(text), " ")
}

func simplify(r rune) rune {
	if plain, ok := simplified[r]; ok {
		return plain
	}
	return unicode.ToLower(r)
}

// simplified maps traditional characters to simplified ones, as the property
// kSimplifiedVariant of the Unicode Han database (Unihan) does. It holds the
// characters that are common in names of places, roads, buildings and
// institutions. Two traditional characters may share a simplified one, which
// is no harm where spellings are only compared.
var simplified = pairs(`
羅罗東东門门筍笋崗岗園园蓮莲貝贝銀银錦锦鳳凤龍龙華华興兴書书灣湾縣县區区鄉乡鎮镇樓楼廈厦廣广場场塊块車车體体館馆學学醫医衛卫隊队號号員员
圖图電电氣气燈灯橋桥鐵铁軌轨線线綫线馬马鳥鸟魚鱼麥麦點点齊齐龐庞寶宝寧宁實实對对將将專专導导層层島岛峽峡嶺岭岡冈帶带師师幹干庫库廟庙廠厂張张強强
彎弯後后徑径從从復复複复慶庆應应戲戏戶户揚扬換换據据擴扩攔拦數数時时晉晋暉晖曉晓會会業业極极構构標标樂乐樹树機机橫横檢检歐欧歸归沖冲涼凉
淨净淺浅減减湧涌溝沟滅灭滿满漁渔潔洁潤润澤泽濟济瀾澜災灾無无煙烟營营爐炉牆墙狹狭獅狮獨独環环產产畫画當当療疗發发監监盤盘盧卢眾众衆众
碼码礎础礦矿種种積积穩稳窩窝節节範范築筑簡简籃篮糧粮紅红紀纪級级結结絲丝經经綠绿維维網网緣缘編编緯纬練练總总織织繞绕續续義义習习聖圣聯联
聲声職职臨临臺台舊旧莊庄葉叶蓋盖蔣蒋蕭萧薩萨藍蓝藝艺藥药蘇苏蘭兰處处虛虚蝦虾術术補补裏里裡里製制見见規规視视觀观計计訓训設设許许訪访
評评試试認认語语調调請请論论諸诸謝谢證证識识護护讓让豐丰財财貨货責责貴贵買买貿贸資资賓宾質质賴赖購购賽赛趙赵軍军軟软較较載载輔辅輛辆
輪轮轉转辦办農农連连進进運运過过達达遠远適适選选遷迁還还邊边郵邮鄧邓鄭郑鄰邻釣钓鈴铃鋼钢錄录鍾钟鐘钟鏡镜鑽钻長长閉闭開开間间閘闸閱阅
闊阔關关陳陈陽阳陰阴陸陆際际隨随險险隱隐雙双雜杂離离難难雲云靈灵靜静韓韩頂顶項项順顺預预領领頭头題题顏颜類类顯显風风飛飞飯饭飲饮養养
餘余駐驻騎骑驗验驛驿鮮鲜鴻鸿鵬鹏鷺鹭鹽盐麗丽黨党齡龄壩坝塢坞墳坟壇坛壘垒備备傳传側侧傑杰僑侨億亿儀仪優优兒儿內内兩两劃划劉刘劍剑動动
務务勝胜勞劳勢势勵励匯汇協协單单厲厉參参問问啟启喬乔嚴严國国圍围圓圆報报墊垫壓压奧奥婦妇孫孙宮宫審审寫写寬宽尋寻屬属巒峦幫帮廳厅憲宪
懷怀戰战擁拥擇择擊击斷断於于暢畅條条棟栋榮荣樁桩權权歲岁歷历決决況况測测渾浑湯汤溫温滬沪漢汉濕湿濱滨瀝沥灘滩為为烏乌熱热爾尔狀状獎奖
瑪玛瓊琼畢毕異异磚砖礫砾禮礼稅税穀谷窪洼競竞筆笔統统綜综緊紧縱纵聞闻肅肃脈脉膠胶艦舰萬万蔭荫虧亏蟲虫訂订診诊詢询詩诗課课談谈譚谭議议
讀读賀贺賢贤躍跃輕轻輝辉輸输轄辖鄺邝針针鋪铺錢钱鎖锁閃闪隴陇雞鸡霧雾鞏巩頌颂顧顾飄飘駕驾駿骏魯鲁鯉鲤鳴鸣鴨鸭麵面齒齿黃黄`)

func pairs(text string) map[rune]rune {
	table := map[rune]rune{}
	var from rune
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
		case from == 0:
			from = r
		default:
			table[from], from = r, 0
		}
	}
	return table
}
