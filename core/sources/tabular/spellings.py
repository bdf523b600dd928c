"""How vendors, exchanges and languages spell the columns of daily prices: one table, a line for a group.

To teach a spelling, add it to its column's lines, written as :func:`core.sources.tabular.columns.plain_name` gives it:
lower case, no accents, words joined by ``_``. The plainest stand first: of two columns that fit, the earlier is taken.
What is worth money (turnover, amount, value traded) is in no line of ``volume``: money is not volume.
"""

from __future__ import annotations

from collections.abc import Mapping

from core import columns as col

_DATE = """
    date day session trade_date trading_date trading_day observation_date datadate datetime timestamp date_time time
    tradedate tradingday business_date price_date quote_date as_of_date as_of asof dates dt calendar_date report_date
    window_start open_time gmt_time unix utc                      # Polygon, Binance, Dukascopy
    caldt dlycaldt                                                # CRSP
    trad_dt traddt bizdt date1 bas_dd datpre secdate              # UDiFF, NSE, KRX, B3
    dtyyyymmdd date_yyyymmdd yyyymmdd                             # Metastock
    datum data fecha tarih dato paivamaara дата ngay              # de nl sv, it pt pl, es, tr, da no, fi, ru, vi
    日期 交易日期 时间 日付 日付け 日時 날짜 일자                      # zh, ja, ko
"""

_TICKER = """
    ticker symbol ticker_symbol tic act_symbol tickers sym symb tkr ticker_code symbol_code
    tckrsymb ts_code stock_code stockcode stock_symbol tradingsymbol trading_symbol isu_srt_cd   # UDiFF, tushare, Kite, KRX
    secid codneg sc_code sc_name security_id security_code securitycode mnemonic epic ric instrument   # MOEX, B3, BSE, LSE
    stock code name symbole simbolo kurzel                        # several
    股票代码 证券代码 代码 证券简称 證券代號 銘柄コード コード 종목코드 단축코드 티커 тикер
    isin permno wkn sedol cusip figi                              # what is there where there is no symbol
"""

_OPEN = """
    open open_price opening_price opening price_open openprice first px_open open_px prcod openprc dlyopen opnpric open_prc
    tdd_opnprc preabe trade_open                                  # KRX, B3, Refinitiv
    eroffnung eroeffnung eroffn eroeffn erster eroffnungskurs eroeffnungskurs eroffnungspreis anfangskurs   # de
    ouv ouverture premier                                         # fr
    apertura abertura precio_apertura                             # es it, pt
    otwarcie acilis oppen oppning oppningskurs abning apning avaus открытие откр открытия openen mo_cua mo
    开盘 开盘价 開盤 開盤價 開盤価格 始値 시가 오픈
"""

_HIGH = """
    high high_price highest highest_price price_high highprice max px_high high_px prchd askhi dlyhigh hghpric tdd_hgprc premax
    trade_high
    hoch tageshoch hochst hoechst hochstkurs hoechstkurs hochster hochstpreis   # de
    plus_haut haut plus_haute                                     # fr
    maximo massimo maxima maximum precio_maximo                   # es pt, it
    najwyzszy yuksek hogsta hogstkurs hoj hoy ylin максимум макс максимальная hoog cao cao_nhat
    最高 最高价 最高價 高値 고가
"""

_LOW = """
    low low_price lowest lowest_price price_low lowprice min px_low low_px prcld bidlo dlylow lwpric tdd_lwprc premin trade_low
    tief tagestief tiefst tiefstkurs tiefster tiefstpreis niedrigst   # de
    plus_bas bas plus_basse                                       # fr
    minimo minima minimum precio_minimo                           # es it, pt
    najnizszy dusuk lagsta lagstkurs lav alin минимум мин минимальная laag thap thap_nhat
    最低 最低价 最低價 安値 저가
"""

_CLOSE = """
    close close_price closing_price closing price_close closeprice close_last clspric last px_last last_px px_close last_price price
    prc dlyclose dlyprc prccd trdprc_1 trade_close tdd_clsprc preult adj_free_close ltp last_traded_price
    schluss schlusskurs zuletzt schlusspreis letzter schlussstand kurs   # de
    dernier cloture cours_de_cloture                              # fr
    cierre ultimo precio_cierre precio_de_cierre chiusura prezzo fechamento preco preco_de_fechamento   # es, it, pt
    zamkniecie ostatnio simdi kapanis stangning stangningskurs slutkurs senaste sista seneste sluttkurs siste paatos paatoskurssi
    закрытие цена закрытия slot slotkoers laatste clot lan_cuoi dong_cua
    收盘 收盘价 收盤 收盤價 終値 종가 现价 最新价
"""

_ADJ_CLOSE = """
    adj_close adjclose adjusted_close close_adj adj_close_price adjusted adjusted_price closeadj close_adjusted adjusted_closing_price
    adj_closing_price adjclose_price adjustment_close adjustmentclose dlyadjclose
    后复权价 后复权收盘价 調整後終値 修正後終値 수정종가
"""

_VOLUME = """
    volume vol px_volume volume_traded traded_volume share_volume shares_traded number_of_shares total_volume dlyvol
    tottrdqty ttltradgvol total_traded_quantity ttl_trd_qnty no_of_shares no_of_shrs cshtrd quatot acc_trdvol acvol_uns   # NSE, UDiFF, BSE, B3
    cvol trade_volume quantity_traded traded_quantity
    stuecke stucke umsatz_in_stuck umsatz_in_stueck stuck stueck volumen umsatz handelsvolumen   # de, es
    volumi quantita volume_negociado quantidade volume_d_echanges volume_des_titres
    wolumen wol hacim hac volym totalvolym maengde mangde volum vaihto_kpl объем объём kl khoi_luong
    成交量 成交量_股 成交股数 成交股數 出来高 売買高 거래량 总手
"""


def _listed(lines: str) -> tuple[str, ...]:
    """Return the spellings of some lines, in their order; what follows ``#`` says whose they are."""
    return tuple(word for line in lines.splitlines() for word in line.partition("#")[0].split())


SPELLINGS: Mapping[str, tuple[str, ...]] = {
    col.DATE: _listed(_DATE),
    col.TICKER: _listed(_TICKER),
    col.OPEN: _listed(_OPEN),
    col.HIGH: _listed(_HIGH),
    col.LOW: _listed(_LOW),
    col.CLOSE: _listed(_CLOSE),
    col.ADJ_CLOSE: _listed(_ADJ_CLOSE),
    col.VOLUME: _listed(_VOLUME),
}
"""Our columns and how they are spelt, the plainest first."""

LETTERS = frozenset("ohlc")
LONE: Mapping[str, str] = {
    "o": col.OPEN,
    "h": col.HIGH,
    "l": col.LOW,
    "c": col.CLOSE,
    "v": col.VOLUME,
    "t": col.DATE,
}
"""C, V, O and T are tickers as well: one letter names a column only where all of o, h, l and c stand together."""
