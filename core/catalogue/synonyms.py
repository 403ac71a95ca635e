"""The names shops give to columns and to what shoppers do, in English and Chinese."""

from __future__ import annotations

import re

from core.domain import EventKind

PRODUCTS, REVIEWS, EVENTS = "products", "reviews", "events"
KINDS = (PRODUCTS, REVIEWS, EVENTS)
STATEMENTS = "statements"
"""The kind of a source of prior knowledge (``core.graph.prior``); its rows are no items of the catalogue."""

FIELDS: dict[str, tuple[str, ...]] = {
    PRODUCTS: ("id", "title", "description", "brand", "category", "price", "currency"),
    REVIEWS: ("id", "product_id", "text", "rating", "shopper_id", "time"),
    EVENTS: ("shopper_id", "product_id", "kind", "time", "value"),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    PRODUCTS: ("title",),
    REVIEWS: ("product_id", "text"),
    EVENTS: ("shopper_id", "product_id", "time"),
}

_PRODUCT_ID = """product id|product|item id|item|sku|asin|parent asin|article id|article number|article no
|stock code|goods id|gtin|ean|upc|product code|item number|item code|part number|mpn|handle
|offer id|listing id|spu|spu id|sku id|商品编号|商品id|商品编码|产品编号|产品id|产品编码|货号
|商品代码|宝贝id|编号|商品|物品id|款号"""
_SHOPPER_ID = """shopper id|shopper|user id|user|customer id|customer|household id|household|reviewer id|reviewer
|visitor id|visitor|client id|client|buyer id|buyer|member id|member|account id|session id
|author id|author|用户id|用户|用户编号|顾客id|顾客|客户id|客户|客户编号|会员id|会员|会员号|买家
|买家id|买家昵称|用户名"""
_TIME = """time|timestamp|date|datetime|date time|event time|created at|created|order date|invoice date
|purchase date|review date|review time|unix review time|transaction timestamp|transaction date
|transaction time|occurred at|ts|when|day|时间|日期|时间戳|下单时间|购买时间|评论时间|评价时间
|创建时间|交易时间|订单日期|付款时间|行为时间|发生时间"""

_NAMES: dict[str, dict[str, str]] = {
    PRODUCTS: {
        "id": "id|uid|key|code|" + _PRODUCT_ID,
        "title": """title|name|product name|product title|item name|item title|article name|product display name
|heading|headline|label|标题|名称|商品名称|商品名|商品标题|产品名称|产品名|产品标题|品名
|宝贝标题|宝贝名称""",
        "description": """description|product description|long description|item description|details|body|body html
|body (html)|about|about product|summary|text|content|long text|features|feature bullets
|bullet points|描述|商品描述|产品描述|商品详情|详情|详细描述|简介|介绍|产品介绍|商品介绍|说明
|卖点""",
        "brand": "brand|brand name|manufacturer|maker|vendor|label name|store|品牌|品牌名称|品牌名|厂商|"
        "制造商|生产商|厂家",
        "category": """category|categories|category name|product category|product class|department
|google product category|type|product type|main category|subcategory|sub category
|category hierarchy|分类|类目|类别|品类|商品分类|商品类目|产品分类|产品类别""",
        "price": """price|unit price|sale price|list price|retail price|selling price|current price|regular price
|cost|amount|variant price|msrp|rrp|价格|售价|单价|商品价格|销售价|现价|零售价|标价|价钱""",
        "currency": "currency|price currency|currency code|币种|货币|货币单位",
    },
    REVIEWS: {
        "id": "id|review id|reviewid|comment id|评论id|评价id|评论编号|评价编号",
        "product_id": _PRODUCT_ID,
        "text": """text|review|review text|review body|reviewtext|body|comment|comments|content|review content
|feedback|opinion|message|评论|评价|评论内容|评价内容|内容|点评|评语|追评""",
        "rating": """rating|stars|star rating|score|overall|grade|points|review rating|review score|评分|星级|打分
|分数|评价星级|得分""",
        "shopper_id": _SHOPPER_ID,
        "time": _TIME,
    },
    EVENTS: {
        "shopper_id": _SHOPPER_ID,
        "product_id": _PRODUCT_ID,
        "kind": """event|event type|event name|kind|action|action type|behavior|behaviour|behavior type|interaction
|type|activity|verb|行为|行为类型|事件|事件类型|操作|动作|类型""",
        "time": _TIME,
        "value": """value|quantity|qty|count|units|rating|score|stars|number|amount|数量|件数|购买数量|评分|个数""",
    },
}

_WORDS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def fold(header: str) -> str:
    """The form in which two spellings of a column name are equal: "productID", "Product_Id" and "product id"."""
    return "".join(_WORDS.findall(header)).casefold()


def words(header: str) -> frozenset[str]:
    """The words of a column name: {"unit", "price"} for "unitPrice (EUR)" (and "eur")."""
    return frozenset(word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", header)))


HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    kind: {
        name: tuple(fold(entry) for entry in entries.replace("\n", "").split("|"))
        for name, entries in fields.items()
    }
    for kind, fields in _NAMES.items()
}
_KNOWN = frozenset(name for fields in HEADERS.values() for names in fields.values() for name in names)


def is_known_header(header: str) -> bool:
    """Whether a cell is the name of a column that shops use."""
    return fold(header) in _KNOWN


_EVENT_WORDS = {
    EventKind.VIEW: """view|views|viewed|click|clicked|pv|page view|pageview|detail view|impression|visit|browse
|browsed|look|seen|浏览|点击|查看|看|曝光|访问""",
    EventKind.CART: """cart|add to cart|addtocart|add_to_cart|basket|add to basket|wishlist|fav|favorite|favourite|save
|like|加购|加入购物车|购物车|收藏|加车""",
    EventKind.PURCHASE: """purchase|purchased|buy|bought|order|ordered|transaction|sale|sold|checkout|paid|pay
|conversion|invoice|购买|下单|成交|支付|付款|已购买|买|订单|交易""",
    EventKind.RATING: "rating|rate|rated|review|reviewed|score|star|评分|评价|打分|评论",
}
EVENT_WORDS: dict[str, EventKind] = {
    fold(word): kind
    for kind, entries in _EVENT_WORDS.items()
    for word in entries.replace("\n", "").split("|")
}
