"""From the syntax tree to code: every name, function and type is looked up here, so that running cannot fail on one."""

from adapter.validation.fhirpath import collection_functions, fhir_functions, value_functions
from adapter.validation.fhirpath.closures import Code, Make, constant, of_items, of_truth, remembered
from adapter.validation.fhirpath.operators import OPERATORS, equals_text, negated
from adapter.validation.fhirpath.paths import child_is, path
from adapter.validation.fhirpath.syntax import UnsupportedExpression, parse, type_name
from adapter.validation.fhirpath.tree import Binary, Call, Index, Literal, Name, Node, Special, TypeTest, Unary
from adapter.validation.fhirpath.values import known_type

_FUNCTIONS: dict[str, tuple[int, int, Make]] = {
    **collection_functions.FUNCTIONS,
    **value_functions.FUNCTIONS,
    **fhir_functions.FUNCTIONS,
}
_LOOPS = ("where", "select", "all", "exists")
# What cannot be judged here, and why: said of the expression when it is compiled, never found out when it is run.
_REFUSED = {
    "now": "now() (nothing here reads a clock)",
    "today": "today() (nothing here reads a clock)",
    "timeOfDay": "timeOfDay() (nothing here reads a clock)",
    "memberOf": "memberOf() (value sets are judged as bindings)",
    "conformsTo": "conformsTo() (profiles are judged where they are claimed)",
    "subsumes": "subsumes() (needs a terminology)",
    "subsumedBy": "subsumedBy() (needs a terminology)",
}
# Levels of the syntax tree: each costs a frame or two of Python's thousand when it is run.
_DEEPEST = 200
THIS = of_items(fhir_functions.VARIABLES["$this"])


def compile_text(expression: str) -> Code:
    """Compile an expression; it fits any type, steps are looked up by the type met.

    Raises:
        UnsupportedExpression: naming what of it is not supported.
    """
    tree = parse(expression)
    level: list[object] = [tree]
    for _ in range(_DEEPEST):
        level = [one for node in level if isinstance(node, tuple) for one in node]
        if not level:
            return _code(tree)
    raise UnsupportedExpression("so long a chain")


def _code(node: Node) -> Code:
    made = _plain_code(node)
    return remembered(made) if isinstance(node, Name | Call | Index) and _of_resource(node) else made


def _of_resource(node: object) -> bool:
    """Whether a node depends on the resource alone and on no element of it."""
    while not isinstance(node, Special):
        if isinstance(node, Call):
            loop = node.name in (*_LOOPS, "repeat")
            if not all(_own(one) if loop else isinstance(one, Literal) for one in node.arguments):
                return False
        elif isinstance(node, Index) and not isinstance(node.position, Literal):
            return False
        if not isinstance(node, Name | Call | Index):
            return False
        node = node.source
    return node.name in ("%resource", "%rootResource")


def _own(node: object) -> bool:
    """Whether a criterion asks for nothing but what it is asked of."""
    if isinstance(node, Special):
        return node.name == "$this" or node.name in ("%resource", "%rootResource")
    return not isinstance(node, tuple) or all(_own(one) for one in node)


def _plain_code(node: Node) -> Code:
    match node:
        case Literal():
            return constant([] if node.kind == "" else [(node.value, None, node.kind)])
        case Name():
            return _path(node)
        case Call():
            return _call(node)
        case Special():
            return _special(node.name)
        case Binary():
            return _binary(node)
        case TypeTest():
            return _typed(node.operator, node.operand, node.type)
        case Index():
            return collection_functions.at(_code(node.source), [_code(node.position)])
        case Unary():
            operand = _code(node.operand)
            zero = constant([(0, None, "System.Integer")])
            return OPERATORS["-"](zero, operand) if node.operator == "-" else operand


def _path(node: Name) -> Code:
    names = [node.name]
    source = node.source
    while isinstance(source, Name):
        names.append(source.name)
        source = source.source
    names.reverse()
    if source is None or source == Special("$this"):
        return path(None if source is None else THIS.items if len(names) > 1 else None, tuple(names))
    return path(_code(source).items, tuple(names))


def _special(name: str) -> Code:
    items = fhir_functions.VARIABLES.get(name)
    if items is not None:
        return of_items(items)
    address = fhir_functions.constants(name[1:])
    if address is None:
        raise UnsupportedExpression(f"the variable {name}")
    return constant([(address, None, "System.String")])


def _binary(node: Binary) -> Code:
    right = node.right
    if node.operator in ("=", "!=") and isinstance(right, Literal) and right.kind == "System.String":
        left = node.left
        if isinstance(left, Name) and left.source is None and not left.name[0].isupper():
            truth = child_is(left.name, right.value)
        else:
            truth = equals_text(_code(left).items, right.value)
        return of_truth(truth if node.operator == "=" else negated(truth))
    return OPERATORS[node.operator](_code(node.left), _code(right))


def _typed(operator: str, operand: Node | None, name: str) -> Code:
    if not known_type(name):
        raise UnsupportedExpression(f"the type {name}")
    source = THIS if operand is None else _code(operand)
    return (fhir_functions.is_type if operator == "is" else fhir_functions.of_type)(source, name)


def _call(node: Call) -> Code:
    name, arguments = node.name, node.arguments
    if name in _REFUSED:
        raise UnsupportedExpression(_REFUSED[name])
    if name in ("is", "as", "ofType") and len(arguments) == 1:
        return _typed(name, node.source, type_name(arguments[0]))
    source = THIS if node.source is None else _code(node.source)
    if name == "trace" and 1 <= len(arguments) <= 2:
        return source
    if name == "iif" and 2 <= len(arguments) <= 3:
        return collection_functions.iif(None if node.source is None else source, [_code(one) for one in arguments])
    if name in ("matches", "matchesFull", "replaceMatches"):
        return _regular(name, source, arguments)
    if name not in _FUNCTIONS:
        raise UnsupportedExpression(f"the function {name}()")
    least, most, make = _FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        raise UnsupportedExpression(f"{name}() with {len(arguments)} arguments")
    if name in _LOOPS and arguments and _asks_index(arguments[0]):
        return collection_functions.indexed(name, source, _code(arguments[0]))
    return make(source, [_code(one) for one in arguments])


def _regular(name: str, source: Code, arguments: tuple[Node, ...]) -> Code:
    """Regular expressions must be constants: they are compiled with the expression."""
    texts = [one.value for one in arguments if isinstance(one, Literal) and one.kind == "System.String"]
    if len(texts) != len(arguments) or len(texts) != (2 if name == "replaceMatches" else 1):
        raise UnsupportedExpression(f"{name}() with what is no constant")
    wanted = value_functions.pattern(texts[0])
    if name == "replaceMatches":
        return value_functions.replaced(source, wanted, texts[1])
    return value_functions.matches(source, wanted, name == "matchesFull")


def _asks_index(node: object) -> bool:
    """Whether a node asks for `$index` anywhere below."""
    if node == Special("$index"):
        return True
    return isinstance(node, tuple) and any(_asks_index(one) for one in node)
