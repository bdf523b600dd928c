"""``--columns``: a person says which column is which; spellings of vendors; what is asked back."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from core.errors import ParameterError, SourceError
from core.request.settings import load
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from core.sources.files import read_file
from core.sources.tabular.columns import columns_mapping, parse_header
from core.sources.tabular.options import Options
from tests.sources.test_vendor_files import parquet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL = ["date", "ticker", "open", "high", "low", "close", "volume"]


def read(text, name="ZQX.csv", **options):
    """A file's rows as lists."""
    data = text if isinstance(text, bytes) else text.encode()
    frame = read_file(data, name, Options(**options)).frame
    return frame[[column for column in ALL if column in frame]].to_numpy().tolist()


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("date=Datum,close=Schluss", {"date": "Datum", "close": "Schluss"}),
        (" Close = Schluss (EUR) , volume=Stück", {"close": "Schluss (EUR)", "volume": "Stück"}),
        ('{"close": "Schluss, EUR", "date": "a=b"}', {"close": "Schluss, EUR", "date": "a=b"}),
    ],
)
def test_columns_are_written_as_pairs_or_as_json(text, pairs):
    """JSON where a name holds a comma."""
    assert columns_mapping(text) == pairs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("close", ["OURS=THEIRS"]),
        ("clos=Schluss", ["'clos'", "Did you mean close?"]),
        ("close=", ["gives close no name"]),
        ("close=A,close=B", ["names close twice"]),
        ("close=A,open=A", ["names 'A' twice"]),
        ('{"close": 1}', ["JSON"]),
        ("{close: A}", ["JSON"]),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_plan(text, words, tmp_path):
    """Exit code 4, before anything runs, with an example."""
    (tmp_path / "x.csv").write_text("date,close\n2024-01-02,1\n")
    settings = load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
    request = {"source": "files", "path": str(tmp_path / "x.csv"), "columns": text}
    with pytest.raises(ParameterError) as raised:
        resolve(request, settings=settings, now=NOW)
    assert raised.value.exit_code == 4
    assert raised.value.parameter == "columns"
    assert [word for word in [*words, "For example: --columns"] if word not in str(raised.value)] == []


def test_columns_are_in_the_key_of_files_and_of_nothing_else(tmp_path):
    """And a profile remembers them in its section of luigi.cfg."""
    (tmp_path / "x.csv").write_text("Tag;Ende\n2024-01-02;1\n")
    (tmp_path / "luigi.cfg").write_text(
        f"[profile:mine]\nsource = files\npath = {tmp_path / 'x.csv'}\ncolumns = date=Tag,close=Ende\n"
    )
    settings = load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)

    def key(**request):
        return stage_plans(resolve(request, settings=settings, now=NOW)).keys["ingest"]

    files = {"source": "files", "path": str(tmp_path / "x.csv")}
    assert key(**files) != key(**files, columns="date=Tag,close=Ende")
    assert key(profile="mine") == key(**files, columns="date=Tag,close=Ende")
    assert key() == key(columns="date=Tag")


def test_a_column_that_a_person_names_wins_over_spellings():
    """What is spelt like ours stays as a further column of another name."""
    text = "Date,Close,Settle,Vol\n2024-01-02,1,2,3\n"
    frame = read_file(text.encode(), "x.csv", Options(columns="close=settle")).frame
    assert frame["close"].tolist() == [2]
    assert frame["close_of_file"].tolist() == [1]


@pytest.mark.parametrize("form", ["csv", "parquet", "gz"])
def test_a_file_of_unknown_names_is_read_as_a_person_says(form):
    """Text and Parquet alike."""
    frame = pd.DataFrame({"Tag": ["2024-01-02"], "Papier": ["ZQX"], "Ende": [1.5], "Menge": [7]})
    data = parquet(frame) if form == "parquet" else frame.to_csv(index=False).encode()
    said = "date=Tag,ticker=Papier,close=Ende,volume=Menge"
    assert read(data, columns=said) == [["2024-01-02", "ZQX", 1.5, 7]]


def test_a_named_column_that_is_not_there_is_refused_with_the_nearest():
    """File, name and what there is; a name that fits two columns is not taken."""
    with pytest.raises(SourceError, match=r"no column 'Schlusss'.*Did you mean Schluss") as raised:
        read("Datum;Schluss\n2024-01-02;1\n", columns="close=Schlusss")
    assert raised.value.exit_code == 30
    with pytest.raises(SourceError, match="2 columns named"):
        read("date,a b,a-b\n2024-01-02,1,2\n", columns="close=A_B")


def test_named_columns_find_header_and_delimiter():
    """Text above the header and a delimiter that no spelling shows."""
    text = "Kurse der Woche, wie gehandelt\n\nTag|Ende\n2024-01-02|1,5\n"
    assert read(text, columns="date=Tag,close=Ende") == [["2024-01-02", "ZQX", 1.5]]


VENDORS = {
    "crsp": "PERMNO,date,TICKER,PRC,OPENPRC,ASKHI,BIDLO,VOL,RET",
    "crsp daily": "PERMNO,DlyCalDt,Ticker,DlyPrc,DlyOpen,DlyHigh,DlyLow,DlyVol",
    "compustat": "gvkey,datadate,tic,prccd,prcod,prchd,prcld,cshtrd,ajexdi",
    "nse": "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP",
    "nse full": "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, CLOSE_PRICE, TTL_TRD_QNTY",
    "udiff": "TradDt,BizDt,Sgmt,ISIN,TckrSymb,SctySrs,OpnPric,HghPric,LwPric,ClsPric,LastPric,TtlTradgVol,TtlTrfVal",
    "bse": "SC_CODE,SC_NAME,OPEN,HIGH,LOW,CLOSE,LAST,NO_TRADES,NO_OF_SHRS,NET_TURNOV,TRADING_DATE",
    "bse page": "Date,Symbol,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,Total Turnover (Rs.)",
    "euronext": "Date,Symbol,Open,High,Low,Last,Close,Number of Shares,Number of Trades,Turnover,vwap",
    "nordic": "Date,Symbol,Bid,Ask,Opening price,High price,Low price,Closing price,Total volume,Turnover",
    "nordic sv": "Datum,Symbol,Köp,Sälj,Öppningskurs,Högstkurs,Lägstkurs,Stängningskurs,Totalvolym,Omsättning",
    "tushare": "ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount",
    "akshare": "日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅",
    "wind": "代码,简称,日期,开盘价(元),最高价(元),最低价(元),收盘价(元),成交量(股),成交额(元)",
    "twse": "日期,證券代號,成交股數,成交金額,開盤價,最高價,最低價,收盤價,漲跌價差",
    "japan": "日付,銘柄コード,始値,高値,安値,終値,出来高,売買代金",
    "krx": "BAS_DD,ISU_SRT_CD,TDD_OPNPRC,TDD_HGPRC,TDD_LWPRC,TDD_CLSPRC,ACC_TRDVOL,ACC_TRDVAL",
    "b3": "DATPRE,CODNEG,PREABE,PREMAX,PREMIN,PREULT,QUATOT,VOLTOT",
    "moex": "TRADEDATE,SECID,OPEN,LOW,HIGH,CLOSE,VOLUME,VALUE",
    "polygon": "ticker,volume,open,close,high,low,window_start,transactions",
    "polygon json": "T,v,vw,o,c,h,l,t,n",
    "tiingo": "date,ticker,close,high,low,open,volume,adjClose,divCash,splitFactor",
    "alpha vantage": "timestamp,symbol,1. open,2. high,3. low,4. close,5. adjusted close,6. volume",
    "eodhd": "Code,Date,Open,High,Low,Close,Adjusted_close,Volume",
    "bloomberg": "Dates,Ticker,PX_OPEN,PX_HIGH,PX_LOW,PX_LAST,PX_VOLUME",
    "refinitiv": "Instrument,Date,Price Open,Price High,Price Low,Price Close,Volume",
    "refinitiv rdp": "RIC,Date,TRDPRC_1,OPEN_PRC,High,Low,ACVOL_UNS",
    "quandl": "ticker,date,open,high,low,close,volume,ex-dividend,split_ratio,adj_close",
    "sharadar": "ticker,date,open,high,low,close,volume,closeadj,closeunadj",
    "metastock": "<TICKER>,<PER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
    "binance": "open_time,symbol,open,high,low,close,volume,close_time,quote_asset_volume",
    "investing de": "Datum,Symbol,Zuletzt,Eröffn.,Hoch,Tief,Vol.,+/- %",
    "investing fr": "Date,Symbole, Dernier, Ouv., Plus Haut,Plus Bas,Vol.,Variation %",
    "investing es": "Fecha,Simbolo,Último,Apertura,Máximo,Mínimo,Vol.,% var.",
    "investing it": "Data,Simbolo,Ultimo,Apertura,Massimo,Minimo,Vol.,Var. %",
    "investing pt": "Data,Símbolo,Último,Abertura,Máxima,Mínima,Vol.,Var%",
    "investing pl": "Data,Symbol,Ostatnio,Otwarcie,Max.,Min.,Wol.,Zmiana%",
    "investing ru": "Дата,Тикер,Цена,Откр.,Макс.,Мин.,Объём,Изм. %",
    "investing tr": "Tarih,Symbol,Şimdi,Açılış,Yüksek,Düşük,Hac.,Fark %",
    "xetra": "Datum,Symbol,Eröffnung,Schluss,Tageshoch,Tagestief,Umsatz in €,Umsatz in Stück",
    "italiana": "Data,Simbolo,Apertura,Massimo,Minimo,Chiusura,Quantità,Controvalore",
    "units": "Date,Ticker,Open (USD),High (USD),Low (USD),Close (USD),Volume (shares)",
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_headers_of_vendors_name_every_column(vendor):
    """Date, ticker, four prices and the volume, each once; turnover in money is never the volume."""
    cells = VENDORS[vendor].split(",")
    if vendor == "polygon json":
        cells = ["ticker", *cells[1:]]
    names = parse_header(cells, vendor).names
    missing = {"high", "low"} - set(names) if vendor == "refinitiv rdp" else set()
    assert [name for name in ALL if names.count(name) != 1 and name not in missing] == []


@pytest.mark.parametrize(
    ("header", "column", "cell"),
    [
        ("datadate,tic,prccd,prcod,prchd,prcld,cshtrd", "close", "prccd"),
        ("Date,Open,High,Low,Last,Close,Number of Shares,Turnover", "close", "Close"),
        ("Datum,Erster,Hoch,Tief,Schlusskurs,Stuecke,Volumen", "volume", "Stuecke"),
        ("Date,Symbol,Bid,Ask,Opening price,Closing price,Total volume,Turnover", "volume", "Total volume"),
        ("Datum,Eröffnung,Schluss,Umsatz in €,Umsatz in Stück", "volume", "Umsatz in Stück"),
        ("日期,收盘,成交量,成交额", "volume", "成交量"),
        ("Date,Open,Close,52W High,52W Low,High,Low", "high", "High"),
        ("Date,Close,Volume (EUR),Volume (shares)", "volume", "Volume (shares)"),
    ],
)
def test_of_columns_that_look_alike_the_right_one_is_taken(header, column, cell):
    """Money is not volume, and a year's high is not the day's."""
    cells = header.split(",")
    assert cells[parse_header(cells, "x").names.index(column)] == cell


@pytest.mark.parametrize(
    "money", ["Turnover", "Amount", "Value", "Volume (EUR)", "成交额", "VOLTOT", "Volume in thousands"]
)
def test_money_alone_is_no_volume(money):
    """Then there is no volume, and the gate says so."""
    assert "volume" not in parse_header(["Date", "Close", money], "x").names
