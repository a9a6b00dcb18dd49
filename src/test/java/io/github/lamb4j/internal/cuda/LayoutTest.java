package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.cuda.KernelHeaders.Assertion;
import io.github.lamb4j.internal.cuda.KernelHeaders.LaunchBounds;
import io.github.lamb4j.internal.cuda.KernelHeaders.Struct;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Host and kernels agree on every structure, constant, code and launch bound that they share. */
class LayoutTest {

  /** Structures that only kernels use. */
  private static final Set<String> KERNEL_STRUCTS =
      Set.of("Tile", "Quads", "TileSums", "Turn", "Ring", "TaggedSum");

  /** Constants that only kernels use. */
  private static final Set<String> KERNEL_CONSTANTS =
      Set.of(
          "kQuadsPerTile",
          "kQuadsPerThread",
          "kPolls",
          "kNoTile",
          "kTicketsAhead",
          "kTilesAtOnce",
          "kDrains",
          "kSlotBytes");

  private static final String HEADERS = KernelHeaders.text();

  /** One line for each disagreement. */
  private static List<String> differences(String headers) {
    KernelHeaders kernels = KernelHeaders.parse(headers);
    List<String> differences = new ArrayList<>();
    compareStructs(kernels, differences);
    compareMaps("constants", constants(), kernels.constants(), KERNEL_CONSTANTS, differences);
    compareMaps("enums", enums(), kernels.enums(), Set.of(), differences);
    compareLaunchBounds(kernels, differences);
    for (Assertion assertion : kernels.assertions()) {
      if (assertion.actual() != assertion.expected()) {
        differences.add(assertion + " does not hold");
      }
    }
    return differences;
  }

  private static void compareStructs(KernelHeaders kernels, List<String> differences) {
    Map<String, Struct> host = new TreeMap<>();
    for (Class<?> descriptor : CudaLayout.class.getDeclaredClasses()) {
      host.put(descriptor.getSimpleName(), struct(descriptor));
    }
    Map<String, Struct> device = new TreeMap<>();
    kernels
        .structs()
        .forEach(
            (name, struct) ->
                device.put(name, new Struct(upperCase(struct.offsets()), struct.size(), 0)));
    compareMaps("structures", host, device, KERNEL_STRUCTS, differences);
  }

  private static Struct struct(Class<?> descriptor) {
    Map<String, Integer> offsets = new LinkedHashMap<>();
    int size = 0;
    for (Field field : descriptor.getDeclaredFields()) {
      try {
        if (field.getName().equals("SIZE")) {
          size = field.getInt(null);
        } else if (field.getType() == int.class) {
          offsets.put(field.getName(), field.getInt(null));
        }
      } catch (IllegalAccessException e) {
        throw new AssertionError(e);
      }
    }
    return new Struct(offsets, size, 0);
  }

  private static Map<String, Integer> upperCase(Map<String, Integer> offsets) {
    Map<String, Integer> names = new LinkedHashMap<>();
    offsets.forEach((name, offset) -> names.put(name.toUpperCase(Locale.ROOT), offset));
    return names;
  }

  private static Map<String, Long> constants() {
    return Map.ofEntries(
        Map.entry("kGroups", (long) CudaLayout.GROUPS),
        Map.entry("kMoves", (long) CudaLayout.MOVES),
        Map.entry("kTileElements", (long) Tiling.TILE_ELEMENTS),
        Map.entry("kLanes", (long) Tiling.LANES),
        Map.entry("kThreads", (long) LaunchPolicy.MOMENTS.threads()),
        Map.entry("kBlocks", (long) LaunchPolicy.MOMENTS.blocksPerMultiprocessor()),
        Map.entry("kWindowBlocks", (long) LaunchPolicy.SINGLE_PASS.blocksPerMultiprocessor()),
        Map.entry("kMaxSlots", (long) Window.MAX_SLOTS),
        Map.entry("kWordsPerTile", (long) CudaLayout.WORDS_PER_TILE),
        Map.entry("kRates", (long) Rates.KEPT),
        Map.entry("kNextStep", Rates.NEXT_STEP));
  }

  private static Map<String, Map<String, Integer>> enums() {
    return Map.of(
        "DType",
        Map.of(
            "kF32", CudaLayout.dtype(DType.F32),
            "kF16", CudaLayout.dtype(DType.F16),
            "kBF16", CudaLayout.dtype(DType.BF16)),
        "BiasCorrection",
        Map.of(
            "kNoCorrection", CudaLayout.biasCorrection(BiasCorrection.NONE),
            "kOfMoments", CudaLayout.biasCorrection(BiasCorrection.MOMENTS),
            "kOfLearningRate", CudaLayout.biasCorrection(BiasCorrection.LEARNING_RATE)),
        "NonFinite",
        Map.of(
            "kPropagate", CudaLayout.nonFinite(NonFiniteGradients.PROPAGATE),
            "kSkip", CudaLayout.nonFinite(NonFiniteGradients.SKIP),
            "kFail", CudaLayout.nonFinite(NonFiniteGradients.FAIL)));
  }

  private static void compareLaunchBounds(KernelHeaders kernels, List<String> differences) {
    Map<String, LaunchBounds> policies = new TreeMap<>();
    for (LaunchPolicy policy : LaunchPolicy.all()) {
      LaunchBounds bounds = kernels.kernels().get(policy.kernel());
      // Where the kernel does not bound its registers, the policy alone decides.
      boolean free = bounds != null && bounds.blocks() == 0;
      int blocks = free ? 0 : policy.blocksPerMultiprocessor();
      policies.put(policy.kernel(), new LaunchBounds(policy.threads(), blocks));
    }
    compareMaps("launch bounds", policies, kernels.kernels(), Set.of(), differences);
  }

  private static <T> void compareMaps(
      String what,
      Map<String, T> host,
      Map<String, T> device,
      Set<String> deviceOnly,
      List<String> differences) {
    Map<String, T> shared = new TreeMap<>(device);
    shared.keySet().removeAll(deviceOnly);
    if (!new TreeMap<>(host).equals(shared)) {
      differences.add("%s: Java has %s, kernels/ has %s".formatted(what, host, shared));
    }
  }

  @Test
  void shouldAgreeOnEverythingShared() {
    assertEquals(List.of(), differences(HEADERS));
  }

  @Test
  void shouldFindEveryDeclaration() {
    KernelHeaders kernels = KernelHeaders.parse(HEADERS);
    assertEquals(count("constexpr \\w+ k"), kernels.constants().size());
    assertEquals(count("(?m)^enum \\w+ :"), kernels.enums().size()); // others are the kernels' own
    assertEquals(count("(?m)^struct "), kernels.structs().size());
    assertEquals(count("__global__"), kernels.kernels().size());
    assertEquals(count("sizeof\\(\\w+\\) ==|offsetof\\("), kernels.assertions().size());
  }

  private static int count(String pattern) {
    return (int) Pattern.compile(pattern).matcher(HEADERS).results().count();
  }

  /** One change each, of a kind that a search for single lines does not make. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "uint64_t exp_avg;| uint64_t exp_avg; uint32_t more;",
        "uint64_t count;| uint32_t count;",
        "float beta1_hi, beta1_lo,| float beta1_lo, beta1_hi,",
        "kF16 = 1| kF16 = 2",
        "kSkip = 1| kSkipped = 1",
        "constexpr int kMaxSlots = 32;| constexpr int kMaxSlots = 64;",
        "constexpr int kPolls = 64;| constexpr int kPolls = 64; constexpr int kMore = 1;",
        "__launch_bounds__(kThreads, kBlocks) moments(| __launch_bounds__(kThreads, 4) moments(",
        "__launch_bounds__(kGroups)| __launch_bounds__(32)",
        "sizeof(Segment) == 72| sizeof(Segment) == 80"
      })
  void shouldNoticeAChange(String from, String to) {
    String changed = HEADERS.replace(from, to);
    assertNotEquals(HEADERS, changed, from);
    assertFalse(differences(changed).isEmpty(), to);
  }

  /** Every field that is shared, and every shared constant. */
  static Stream<String> sharedDeclarations() {
    KernelHeaders kernels = KernelHeaders.parse(HEADERS);
    List<String> fields = new ArrayList<>();
    for (MatchResult struct :
        Pattern.compile("(?m)^struct (\\w+) \\{(?s:.*?)^\\};")
            .matcher(HEADERS)
            .results()
            .toList()) {
      if (!KERNEL_STRUCTS.contains(struct.group(1))) {
        struct.group().lines().filter(line -> line.contains(";")).forEach(fields::add);
      }
    }
    fields.removeIf(line -> line.equals("};"));
    Stream<String> constants =
        kernels.constants().keySet().stream()
            .filter(name -> !KERNEL_CONSTANTS.contains(name))
            .flatMap(name -> HEADERS.lines().filter(line -> line.contains(" " + name + " = ")));
    return Stream.concat(fields.stream(), constants);
  }

  @ParameterizedTest
  @MethodSource("sharedDeclarations")
  void shouldNoticeWhenADeclarationIsMissing(String line) {
    String changed = HEADERS.replaceFirst(Pattern.quote(line), "");
    assertNotEquals(HEADERS, changed);
    try {
      assertFalse(differences(changed).isEmpty(), line);
    } catch (IllegalArgumentException e) {
      // A declaration that others are built on is missing: noticed too.
      assertEquals(NumberFormatException.class, e.getClass(), line);
    }
  }
}
