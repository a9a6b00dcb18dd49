package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatorException;
import io.github.lamb4j.emulator.MemoryModel;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The single pass exchanges tagged words without fences. It has the same bits if blocks see each
 * other's stores late and out of order, and every check of a tag is needed for that.
 */
@Tag("slow")
@Tag("kernels")
class WeakMemoryTest {

  private static final int[] SIZES = {
    2048 * 6 + 5, 2048 * 3 + 1, 7, 2048 * 2 + 2, 100, 1, 2048 + 3
  };

  private static final int SEEDS = 3;

  /** A second load of a tile's sums, which follows a wrong tag. */
  private static final Pattern RETRY =
      Pattern.compile(
          "(\\$L__BB\\w+:\\s+// begin inline asm\\s+)(ld\\.relaxed\\.gpu\\.global\\.v2\\.u64)");

  /** The check of both tags of a sum, and the branch to the second load. */
  private static final Pattern CHECK =
      Pattern.compile(
          "(or\\.pred\\s+)(%p\\d+), (%p\\d+), (%p\\d+);(\\s+)(@\\2 bra\\s+\\$L__BB\\w+;)");

  private enum Fault {
    NONE,
    TRAP_AT_SECOND_LOAD,
    NO_TAG_CHECKED,
    FIRST_TAG_CHECKED,
    SECOND_TAG_CHECKED,

    /** A change of the step count leaves old tags in the words of the sums, or in all words. */
    OLD_TAGS_OF_SUMS,
    OLD_TAGS;

    /** The kernels with the fault. */
    String plant(String ptx) {
      return switch (this) {
        case TRAP_AT_SECOND_LOAD -> replaced(RETRY, ptx, "$1trap;\n$2", 8);
        case NO_TAG_CHECKED -> replaced(CHECK, ptx, "$1$2, $3, $4;", 8);
        case FIRST_TAG_CHECKED -> replaced(CHECK, ptx, "mov.pred $2, $4;$5$6", 8);
        case SECOND_TAG_CHECKED -> replaced(CHECK, ptx, "mov.pred $2, $3;$5$6", 8);
        default -> ptx;
      };
    }

    /** A driver with the fault. */
    CudaDriver plant(CudaDriver driver, TestModel model) {
      if (this != OLD_TAGS_OF_SUMS && this != OLD_TAGS) return driver;
      Map<Long, Long> readyWords = new HashMap<>();
      return Proxies.of(
          CudaDriver.class,
          (method, arguments) -> {
            if (method.getName().equals("copyToDevice")) {
              Long ready = readyWords.get(arguments[0]);
              if (ready != null && this == OLD_TAGS) return null;
              if (ready != null) {
                ByteBuffer tags = (ByteBuffer) arguments[1];
                tags.position((int) (ready - (long) arguments[0]));
                arguments[0] = ready;
              }
            }
            Object result = method.invoke(driver, arguments);
            if (method.getName().equals("allocate") && arguments[1] == Purpose.TAGGED_WORDS) {
              long end = (long) result + (long) arguments[0];
              readyWords.put((long) result, end - 8L * segments(model, (String) arguments[2]));
            }
            return result;
          });
    }

    private static int segments(TestModel model, String group) {
      return model.groups().stream()
          .filter(g -> g.name().equals(group))
          .findFirst()
          .orElseThrow()
          .parameters()
          .size();
    }
  }

  private static List<String> expected;

  /** Whether and how a run failed. */
  private enum Outcome {
    SAME_BITS,
    OTHER_BITS,
    TRAP,
    ERROR
  }

  @BeforeAll
  static void runOnTheCpu() {
    expected = run(Lamb.onCpu(), TestModel.of(2, SIZES));
  }

  @ParameterizedTest(name = "{0} multiprocessors, {1} blocks resident on each, {2} slots")
  @CsvSource({"1, 2, 1", "2, 2, 2", "3, 2, 13"})
  void shouldGiveTheSameBits(int multiprocessors, int resident, int slots) {
    compare(device(multiprocessors, resident, slots), 0, SEEDS);
  }

  @ParameterizedTest(name = "{0} multiprocessors, {1} blocks resident on each, {2} slots")
  @CsvSource({"1, 1, 1", "1, 2, 1", "2, 2, 1", "1, 1, 3", "2, 2, 2", "3, 2, 13", "8, 2, 2"})
  void shouldGiveTheSameBitsWithMoreSeeds(int multiprocessors, int resident, int slots) {
    compare(device(multiprocessors, resident, slots), SEEDS, 20);
  }

  private static void compare(EmulatedDevice device, int firstSeed, int endSeed) {
    for (int seed = firstSeed; seed < endSeed; seed++) {
      assertEquals(Outcome.SAME_BITS, outcome(device, seed, true, Fault.NONE), "seed " + seed);
    }
  }

  /** Without this, the same bits would prove nothing about the loops that wait for tags. */
  @ParameterizedTest(name = "{0} multiprocessors, {1} blocks resident on each, {2} slots")
  @CsvSource({"1, 2, 1", "2, 2, 2", "3, 2, 13"})
  void shouldLoadSumsAgain(int multiprocessors, int resident, int slots) {
    EmulatedDevice device = device(multiprocessors, resident, slots);
    assertTrue(isSeen(Outcome.TRAP, device, Fault.TRAP_AT_SECOND_LOAD));
  }

  /** Sequential consistency hides these faults; the weak memory model does not. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "TRAP_AT_SECOND_LOAD",
        "NO_TAG_CHECKED",
        "FIRST_TAG_CHECKED",
        "SECOND_TAG_CHECKED",
        "OLD_TAGS_OF_SUMS"
      })
  void shouldFindFaultsThatSequentialConsistencyHides(Fault fault) {
    EmulatedDevice device = device(2, 2, 2);
    for (int seed = 0; seed < SEEDS; seed++) {
      assertEquals(Outcome.SAME_BITS, outcome(device, seed, false, fault), "seed " + seed);
    }
    boolean trap = fault == Fault.TRAP_AT_SECOND_LOAD;
    assertTrue(isSeen(trap ? Outcome.TRAP : Outcome.OTHER_BITS, device, fault));
  }

  /** Old tags of step sizes are found with sequential consistency too. */
  @Test
  void shouldFindOldTags() {
    EmulatedDevice device = device(2, 2, 2);
    assertEquals(Outcome.OTHER_BITS, outcome(device, 0, false, Fault.OLD_TAGS));
    assertTrue(isSeen(Outcome.OTHER_BITS, device, Fault.OLD_TAGS));
  }

  private static boolean isSeen(Outcome outcome, EmulatedDevice device, Fault fault) {
    for (int seed = 0; seed < SEEDS; seed++) {
      if (outcome(device, seed, true, fault) == outcome) return true;
    }
    return false;
  }

  private static String replaced(Pattern pattern, String ptx, String by, int times) {
    int start = ptx.indexOf(".entry single_pass");
    int end = ptx.indexOf(".entry", start + 1);
    String kernel = ptx.substring(start, end);
    assertEquals(times, pattern.matcher(kernel).results().count());
    return ptx.substring(0, start) + pattern.matcher(kernel).replaceAll(by) + ptx.substring(end);
  }

  private static EmulatedDevice device(int multiprocessors, int resident, int slots) {
    return TestDevice.withSlots(
        EmulatedDevice.SMALL.withMultiprocessors(multiprocessors, resident), slots);
  }

  private static Outcome outcome(EmulatedDevice device, int seed, boolean weak, Fault fault) {
    EmulatedDriver driver = new EmulatedDriver(device, seed);
    driver.rewrite(fault::plant);
    driver.memoryModel(weak ? MemoryModel.WEAK : MemoryModel.SEQUENTIAL);
    try {
      TestModel model = TestModel.of(2, SIZES);
      LambBuilder builder = LambBuilders.staged(fault.plant(driver, model));
      List<String> bits = run(builder.path(StepPath.SINGLE_PASS), model);
      return bits.equals(expected) ? Outcome.SAME_BITS : Outcome.OTHER_BITS;
    } catch (RuntimeException e) {
      Throwable cause = e;
      while (cause.getCause() != null) cause = cause.getCause();
      if (!(cause instanceof EmulatorException)) throw e;
      return cause.getMessage().endsWith(": trap") ? Outcome.TRAP : Outcome.ERROR;
    }
  }

  /** Two steps, and the second one again: without new tags its words would seem to be there. */
  private static List<String> run(LambBuilder builder, TestModel model) {
    try (Lamb lamb = model.build(builder)) {
      for (int step = 0; step < 3; step++) {
        if (step == 2) lamb.resumeAt(1);
        model.nextGradients();
        lamb.step();
      }
      return TestModel.bits(lamb, model.parameters());
    }
  }
}
