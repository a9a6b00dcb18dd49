package io.github.lamb4j.internal.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The declarations in {@code kernels/*.cuh} that the host must agree with: constants, enumerations,
 * structures and launch bounds. Understands only as much C++ as those files use.
 */
final class KernelHeaders {

  /** A structure as the C rules lay it out. */
  record Struct(Map<String, Integer> offsets, int size, int alignment) {}

  /** A kernel's {@code __launch_bounds__}; {@code blocks} is 0 if it is left out. */
  record LaunchBounds(int threads, int blocks) {}

  /** A {@code static_assert} on a size or an offset: the expression and the expected value. */
  record Assertion(String expression, int actual, int expected) {}

  private static final Pattern CONSTANT =
      Pattern.compile("constexpr (?:int|uint32_t|uint64_t) (k\\w+) = ([^;]+);");
  private static final Pattern ENUM = Pattern.compile("enum (\\w+) : uint32_t \\{([^}]*)\\};");
  private static final Pattern STRUCT =
      Pattern.compile("(?m)^struct (\\w+) \\{(.*?)^\\};", Pattern.DOTALL);
  private static final Pattern FIELDS =
      Pattern.compile("(?:const )?(\\w+)(\\*?) ([\\w, ]+)(?:\\[(k\\w+)\\])?");
  private static final Pattern KERNEL =
      Pattern.compile("extern \"C\" __global__ void __launch_bounds__\\(([^)]*)\\)\\s*(\\w+)\\(");
  private static final Pattern ASSERTED =
      Pattern.compile("(sizeof|offsetof)\\((\\w+)(?:, (\\w+))?\\) == (\\d+)");

  private final Map<String, Long> constants = new LinkedHashMap<>();
  private final Map<String, Map<String, Integer>> enums = new LinkedHashMap<>();
  private final Map<String, Struct> structs = new LinkedHashMap<>();
  private final Map<String, LaunchBounds> kernels = new TreeMap<>();
  private final List<Assertion> assertions = new ArrayList<>();

  private KernelHeaders(String text) {
    String code = text.replaceAll("//.*", "");
    matches(CONSTANT, code).forEach(m -> constants.put(m.group(1), evaluate(m.group(2))));
    matches(ENUM, code).forEach(m -> enums.put(m.group(1), enumerators(m.group(2))));
    matches(STRUCT, code).forEach(m -> structs.put(m.group(1), layOut(m.group(2))));
    matches(KERNEL, code).forEach(m -> kernels.put(m.group(2), bounds(m.group(1))));
    matches(ASSERTED, code)
        .forEach(
            m -> assertions.add(new Assertion(m.group(), actual(m), Integer.parseInt(m.group(4)))));
  }

  /** All headers as one text, {@code layout.cuh} first. */
  static String text() {
    Path folder = Path.of("kernels");
    try (Stream<Path> files = Files.list(folder)) {
      StringBuilder text = new StringBuilder(Files.readString(folder.resolve("layout.cuh")));
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".cuh") && !name.equals("layout.cuh")) {
          text.append(Files.readString(file));
        }
      }
      return text.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static KernelHeaders parse(String text) {
    return new KernelHeaders(text);
  }

  Map<String, Long> constants() {
    return constants;
  }

  Map<String, Map<String, Integer>> enums() {
    return enums;
  }

  Map<String, Struct> structs() {
    return structs;
  }

  Map<String, LaunchBounds> kernels() {
    return kernels;
  }

  List<Assertion> assertions() {
    return assertions;
  }

  private static List<MatchResult> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().toList();
  }

  /** A product or a quotient of numbers and constants, from left to right. */
  private long evaluate(String expression) {
    String[] terms = expression.strip().split(" ");
    long value = term(terms[0]);
    for (int i = 1; i < terms.length; i += 2) {
      long operand = term(terms[i + 1]);
      value =
          switch (terms[i]) {
            case "*" -> value * operand;
            case "/" -> value / operand;
            default -> throw new IllegalArgumentException("unknown expression: " + expression);
          };
    }
    return value;
  }

  private long term(String text) {
    return constants.containsKey(text)
        ? constants.get(text)
        : text.startsWith("0x")
            ? Long.parseUnsignedLong(text.replaceAll("u$", "").substring(2), 16)
            : Long.parseLong(text);
  }

  private static Map<String, Integer> enumerators(String body) {
    Map<String, Integer> values = new LinkedHashMap<>();
    for (String enumerator : body.split(",")) {
      String[] parts = enumerator.split("=");
      values.put(parts[0].strip(), Integer.parseInt(parts[1].strip()));
    }
    return values;
  }

  private LaunchBounds bounds(String arguments) {
    String[] parts = arguments.split(",");
    int blocks = parts.length > 1 ? (int) evaluate(parts[1]) : 0;
    return new LaunchBounds((int) evaluate(parts[0]), blocks);
  }

  /** Each field at the next multiple of its alignment, the whole a multiple of the largest. */
  private Struct layOut(String body) {
    Map<String, Integer> offsets = new LinkedHashMap<>();
    int end = 0;
    int largest = 1;
    for (String declaration : body.split(";")) {
      if (declaration.isBlank()) {
        continue;
      }
      Matcher fields = FIELDS.matcher(declaration.strip());
      if (!fields.matches()) {
        return new Struct(Map.of(), 0, 1); // not a plain structure, so not shared
      }
      Struct type = fields.group(2).isEmpty() ? type(fields.group(1)) : scalar(Long.BYTES);
      for (String name : fields.group(3).split(",")) {
        int offset = roundUp(end, type.alignment);
        offsets.put(name.strip(), offset);
        end = offset + type.size * (fields.group(4) == null ? 1 : (int) term(fields.group(4)));
        largest = Math.max(largest, type.alignment);
      }
    }
    return new Struct(offsets, roundUp(end, largest), largest);
  }

  private Struct type(String name) {
    return switch (name) {
      case "uint64_t", "double" -> scalar(8);
      case "uint32_t", "float" -> scalar(4);
      case "bool" -> scalar(1);
      default -> {
        if (!structs.containsKey(name)) {
          throw new IllegalArgumentException("unknown type: " + name);
        }
        yield structs.get(name);
      }
    };
  }

  private static Struct scalar(int bytes) {
    return new Struct(Map.of(), bytes, bytes);
  }

  private static int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  private int actual(MatchResult assertion) {
    Struct struct = structs.getOrDefault(assertion.group(2), new Struct(Map.of(), -1, 1));
    return assertion.group(1).equals("sizeof")
        ? struct.size
        : struct.offsets.getOrDefault(assertion.group(3), -1);
  }
}
