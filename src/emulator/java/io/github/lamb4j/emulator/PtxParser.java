package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.ParsedModule.Function;
import io.github.lamb4j.emulator.ParsedModule.Reference;
import io.github.lamb4j.emulator.ParsedModule.Space;
import io.github.lamb4j.emulator.ParsedModule.Variable;
import io.github.lamb4j.emulator.PtxLexer.Token;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Parses PTX text. Unsupported syntax is an error that names the line. */
final class PtxParser extends PtxReader {

  private final String text;

  private PtxParser(String text) {
    super(PtxLexer.tokens(text));
    this.text = text;
  }

  static ParsedModule parse(String text) {
    return new PtxParser(text).module();
  }

  private ParsedModule module() {
    int version = 0;
    int target = 0;
    List<Variable> variables = new ArrayList<>();
    List<Function> kernels = new ArrayList<>();
    List<Function> functions = new ArrayList<>();
    while (next < tokens.size()) {
      Token token = take();
      switch (token.text()) {
        case ".version" -> version = (int) Math.round(Double.parseDouble(take().text()) * 10);
        case ".target" -> {
          target = target(take());
          while (takeIf(",")) take();
        }
        case ".address_size" -> expect("64");
        case ".file", ".loc" -> skipLine(token.line());
        case ".visible", ".weak", ".extern" -> {
          if (!peek().isDirective()) throw unexpected(peek());
        }
        case ".entry" -> kernels.add(function(List.of()));
        case ".func" -> functions.add(function(peek().is("(") ? parameters() : List.of()));
        case ".section" -> {
          next = endOfBody();
        }
        case ".pragma" -> pragma();
        case ".global", ".const", ".shared" -> moduleVariables(space(token), variables);
        default -> throw unexpected(token);
      }
    }
    return new ParsedModule(version, target, variables, kernels, functions);
  }

  private static int target(Token token) {
    if (!token.text().matches("sm_\\d+[af]?")) throw unexpected(token);
    return Integer.parseInt(token.text().replaceAll("\\D", ""));
  }

  /**
   * A kernel or a device function. Whatever is unknown in it is a fault of this function only, so
   * that others of the module remain usable.
   */
  private Function function(List<Variable> results) {
    Token name = take();
    List<Variable> parameters = List.of();
    List<Variable> variables = new ArrayList<>();
    List<Statement> body = List.of();
    Bounds bounds = new Bounds(0, false);
    EmulatorException fault = null;
    boolean defined = isBodyNext();
    int end = defined ? endOfBody() : endOfDeclaration();
    try {
      if (peek().is("(")) parameters = parameters();
      bounds = bounds();
      if (defined) body = body(variables);
    } catch (EmulatorException e) {
      fault = e;
    }
    next = end;
    return new Function(
        name.line(),
        name.text(),
        results,
        parameters,
        variables,
        defined ? body : null,
        bounds.maxThreads(),
        bounds.exact(),
        fault);
  }

  private List<Variable> parameters() {
    List<Variable> parameters = new ArrayList<>();
    expect("(");
    while (!peek().is(")")) {
      expect(".param");
      parameters.add(variable(Space.PARAM));
      if (!peek().is(")")) expect(",");
    }
    take();
    return parameters;
  }

  /** The number of threads of a block: a maximum, or exactly that number; 0 for no limit. */
  private record Bounds(int maxThreads, boolean exact) {}

  private Bounds bounds() {
    int maxThreads = 0;
    boolean exact = false;
    while (!peek().is("{") && !peek().is(";")) {
      Token directive = take();
      switch (directive.text()) {
        case ".maxntid", ".reqntid" -> {
          maxThreads = product();
          exact = directive.is(".reqntid");
        }
        case ".minnctapersm", ".maxnreg" -> product();
        case ".pragma" -> pragma();
        case ".noreturn" -> {}
        default -> throw unexpected(directive);
      }
    }
    return new Bounds(maxThreads, exact);
  }

  /** Whether a body follows before the end of a declaration. */
  private boolean isBodyNext() {
    for (int i = next; i < tokens.size(); i++) {
      if (tokens.get(i).is("{")) return true;
      if (tokens.get(i).is(";") && !tokens.get(i - 1).text().startsWith("\"")) return false;
    }
    return false;
  }

  private int product() {
    int product = 1;
    do product *= (int) integer();
    while (takeIf(","));
    return product;
  }

  private List<Statement> body(List<Variable> variables) {
    List<Statement> body = new ArrayList<>();
    expect("{");
    int depth = 1;
    while (true) {
      Token token = take();
      if (token.is("{") || token.is("}")) {
        depth += token.is("{") ? 1 : -1;
        if (depth == 0) return body;
        body.add(new Statement.Brace(token.line(), token.is("{")));
      } else if (token.isDirective()) {
        directive(token, body, variables);
      } else if (token.isName() && peek().is(":")) {
        take();
        body.add(label(token));
      } else {
        body.add(code(token));
      }
    }
  }

  private void directive(Token token, List<Statement> body, List<Variable> variables) {
    switch (token.text()) {
      case ".reg" -> registers(body);
      case ".param" -> {
        body.add(new Statement.Argument(token.line(), variable(Space.PARAM)));
        expect(";");
      }
      case ".shared", ".local" -> variables(space(token), variables);
      case ".loc", ".file" -> skipLine(token.line());
      case ".pragma" -> pragma();
      default -> throw unexpected(token);
    }
  }

  private Statement label(Token name) {
    if (peek().is(".callprototype")) next = endOfDeclaration();
    if (!peek().is(".branchtargets")) return new Statement.Label(name.line(), name.text());
    take();
    List<String> labels = new ArrayList<>();
    do labels.add(take().text());
    while (takeIf(","));
    expect(";");
    return new Statement.Targets(name.line(), name.text(), labels);
  }

  private void registers(List<Statement> body) {
    Type type = type(take());
    do {
      Token name = take();
      if (!name.isName()) throw unexpected(name);
      int count = -1;
      if (takeIf("<")) {
        count = (int) integer();
        expect(">");
      }
      body.add(new Statement.Registers(name.line(), type, name.text(), count));
    } while (takeIf(","));
    expect(";");
  }

  private Statement code(Token first) {
    Operand.Name guard = null;
    Token opcode = first;
    if (first.is("@")) {
      boolean negated = takeIf("!");
      guard = new Operand.Name(take().text(), 0, negated);
      opcode = take();
    }
    if (!opcode.isName()) throw unexpected(opcode);
    List<Operand> operands = new ArrayList<>();
    if (!peek().is(";")) {
      do operands.add(operand());
      while (takeIf(","));
    }
    Token last = peek();
    expect(";");
    String written = text.substring(first.start(), last.start()).trim().replaceAll("\\s+", " ");
    return new Statement.Code(first.line(), guard, opcode.text(), operands, written);
  }

  private Operand operand() {
    Operand operand = simpleOperand();
    return takeIf("|") ? new Operand.Pair(operand, simpleOperand()) : operand;
  }

  private Operand simpleOperand() {
    if (peek().is("{") || peek().is("(")) return list(take().is("{") ? "}" : ")");
    if (takeIf("[")) {
      Operand base = simpleOperand();
      long offset = 0;
      if (base instanceof Operand.Name name) {
        offset = name.offset();
        base = new Operand.Name(name.name(), 0, false);
      }
      expect("]");
      return new Operand.Address(base, offset);
    }
    boolean negated = takeIf("!");
    boolean negative = takeIf("-");
    Token token = take();
    if (token.isNumber() && !negated) return new Operand.Literal(token.text(), negative);
    if (!token.isName() || negative) throw unexpected(token);
    long offset = 0;
    if (takeIf("+")) offset = signedInteger();
    else if (peek().is("-")) offset = signedInteger();
    return new Operand.Name(token.text(), offset, negated);
  }

  private Operand list(String end) {
    List<Operand> parts = new ArrayList<>();
    if (takeIf(end)) return new Operand.Vector(parts);
    do parts.add(simpleOperand());
    while (takeIf(","));
    expect(end);
    return new Operand.Vector(parts);
  }

  /** Whatever is unknown in a variable is a fault of this variable only, as in a function. */
  private void moduleVariables(Space space, List<Variable> variables) {
    int start;
    do {
      start = next;
      try {
        variables.add(variable(space));
      } catch (EmulatorException e) {
        next = start;
        variables.add(faulty(space, e));
        next = endOfDeclaration();
        return;
      }
    } while (takeIf(","));
    expect(";");
  }

  private Variable faulty(Space space, EmulatorException fault) {
    Token name = peek();
    while (!peek().is("[") && !peek().is("=") && !peek().is(";")) {
      if (peek().isName()) name = peek();
      next++;
    }
    return new Variable(name.line(), space, Type.B8, name.text(), 0, 1, null, List.of(), fault);
  }

  private void variables(Space space, List<Variable> variables) {
    do variables.add(variable(space));
    while (takeIf(","));
    expect(";");
  }

  private Variable variable(Space space) {
    int alignment = 0;
    Type type = null;
    int vector = 1;
    while (peek().isDirective()) {
      Token token = take();
      switch (token.text()) {
        case ".align" -> alignment = (int) integer();
        case ".v2" -> vector = 2;
        case ".v4" -> vector = 4;
        case ".ptr" -> pointee();
        default -> type = type(token);
      }
    }
    Token name = take();
    if (type == null || !name.isName()) throw unexpected(name);
    long bytes = (long) type.bytes * vector;
    while (takeIf("[")) {
      bytes = peek().is("]") ? -1 : bytes * integer();
      expect("]");
    }
    List<Reference> references = new ArrayList<>();
    byte[] initial = takeIf("=") ? initial(type, (int) bytes, references) : null;
    alignment = Math.max(alignment, type.bytes * vector);
    return new Variable(
        name.line(), space, type, name.text(), bytes, alignment, initial, references, null);
  }

  /** Skips the attributes of a pointer parameter, which are hints for compilers. */
  private void pointee() {
    if (peek().is(".global") || peek().is(".const")) take();
    expect(".align");
    integer();
  }

  private byte[] initial(Type type, int bytes, List<Reference> references) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    boolean list = takeIf("{");
    do {
      Token token = peek();
      long value = 0;
      if (token.isName() && type.bytes == Long.BYTES) {
        references.add(reference(buffer.position()));
      } else if (simpleOperand() instanceof Operand.Literal literal) {
        value = literal.bits(type);
      } else {
        throw unexpected(token);
      }
      for (int i = 0; i < type.bytes; i++) buffer.put((byte) (value >>> 8 * i));
    } while (list && takeIf(","));
    if (list) expect("}");
    return buffer.array();
  }

  /** {@code name+offset} or {@code generic(name)+offset}: the emulator gives both one address. */
  private Reference reference(int at) {
    Token name = take();
    if (name.is("generic") && takeIf("(")) {
      name = take();
      expect(")");
    }
    long offset = takeIf("+") || peek().is("-") ? signedInteger() : 0;
    return new Reference(at, name.text(), offset);
  }

  private static Space space(Token token) {
    return Space.valueOf(token.text().substring(1).toUpperCase(java.util.Locale.ROOT));
  }

  private static Type type(Token token) {
    Type type = token.isDirective() ? Type.named(token.text().substring(1)) : null;
    if (type == null) throw unexpected(token);
    return type;
  }

  /** Pragmas are hints for compilers. */
  private void pragma() {
    Token token = take();
    if (!token.text().startsWith("\"")) throw unexpected(token);
    expect(";");
  }
}
