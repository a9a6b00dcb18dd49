package io.github.lamb4j.mutation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The machinery behind scripts/mutate-kernels, with a few tests and mutants that they kill. */
@Tag("slow")
class MutationTest {

  private static final String CUDA = "io.github.lamb4j.internal.cuda.";
  private static final String PATH = "io.github.lamb4j.config.StepPath";

  private static List<String> lines;
  private static List<Mutant> mutants;
  private static KernelTests tests;

  @BeforeAll
  static void readKernels() throws IOException {
    lines = Files.readAllLines(Path.of("kernels/lamb.ptx"));
    mutants = Mutants.of(lines, 1);
    tests =
        KernelTests.measure(
            selectMethod(CUDA + "BackendParityTest", "shouldAgreeForAnyGrid", PATH + ",int"),
            selectClass(CUDA + "BeginStepTest"));
  }

  @Test
  void shouldSplitAndReassembleEveryInstruction() {
    List<Instruction> all = Instruction.of(lines);
    for (Instruction x : all) {
      assertEquals(words(lines.get(x.line())), words(x.text()));
    }
    Set<Integer> known = all.stream().map(Instruction::line).collect(Collectors.toSet());
    for (int line = 0; line < lines.size(); line++) {
      boolean isInstruction = lines.get(line).matches("\\s*(\\{\\s*)?[@a-z].*;.*");
      assertEquals(isInstruction, known.contains(line), lines.get(line));
    }
  }

  private static List<String> words(String line) {
    return Arrays.asList(line.strip().split("[\\s,]+"));
  }

  @Test
  void shouldMutateEveryKernelInEveryWay() {
    for (Mutant mutant : mutants) {
      assertFalse(words(mutant.before()).equals(words(mutant.after())), mutant::toString);
      assertEquals(lines.get(mutant.line()), mutant.before());
    }
    assertEquals(
        EnumSet.complementOf(EnumSet.of(Kind.TRAP, Kind.TAG)),
        mutants.stream().map(Mutant::kind).collect(Collectors.toSet()));
    assertEquals(
        lines.stream().filter(line -> line.startsWith(".visible .entry")).count(),
        mutants.stream().map(Mutant::kernel).distinct().count());
  }

  /** Otherwise the script cannot begin. A few classes cover all kernels. */
  @Test
  void shouldFindATestForEveryKernel() {
    KernelTests found =
        KernelTests.measure(
            selectClass(CUDA + "ManyGroupsTest"),
            selectClass(CUDA + "SwitchesParityTest"),
            selectClass(CUDA + "AccumulateTest"),
            selectClass(CUDA + "ReportedNormsTest"),
            selectClass(CUDA + "MoveTest"),
            selectClass(CUDA + "ShardedMoveTest"),
            selectClass(CUDA + "ShardedParityTest"));
    List<String> without =
        mutants.stream()
            .map(Mutant::kernel)
            .distinct()
            .filter(kernel -> found.of(kernel).isEmpty())
            .toList();
    assertEquals(List.of(), without);
  }

  @Test
  void shouldSetATrapInEveryBasicBlock() {
    List<Mutant> traps = Mutants.traps(lines);
    assertEquals("gradient_norm_tiles", traps.get(0).kernel());
    Set<Integer> trapped = traps.stream().map(Mutant::line).collect(Collectors.toSet());
    for (Instruction x : Instruction.of(lines)) {
      boolean isTarget = lines.get(x.line() - 1).matches("\\$\\w+:");
      assertTrue(!isTarget || trapped.contains(x.line()), x::text);
    }
    assertEquals(trapped.size(), traps.size());
  }

  @Test
  void shouldReproduceASample() {
    assertEquals(mutants, Mutants.of(lines, 1));
    List<Mutant> sample = Mutants.sample(mutants, 400, 3);
    assertEquals(sample, Mutants.sample(mutants, 400, 3));
    assertTrue(Math.abs(sample.size() - 400) < 8, "" + sample.size());
  }

  @ParameterizedTest
  @CsvSource({
    "moments, DROP, bar.sync, race|uninitialized",
    "gradient_scale, DROP, bar.sync, race|uninitialized",
    "apply, COMPARISON, setp.ge.u32, .*",
    "gradient_norm_tiles, OFFSET, st.global, .*",
    "begin_step, OPCODE, rcp.rn, other results",
    "gradient_scale, GUARD, bra, .*",
    "single_pass, ORDER, st.relaxed.*v2, race",
    "single_pass, SCOPE, st.relaxed, race|deadlock",
    "single_pass, DROP, st.relaxed, deadlock"
  })
  void shouldFindMutant(String kernel, Kind kind, String before, String how) {
    Mutant mutant =
        mutants.stream()
            .filter(m -> m.kernel().equals(kernel) && m.kind() == kind)
            .filter(m -> m.before().matches(".*" + before + ".*"))
            .findFirst()
            .orElseThrow();
    Outcome outcome = new Trial(lines, tests).of(mutant, test -> {});
    assertEquals(Outcome.Fate.KILLED, outcome.fate(), mutant::toString);
    assertTrue(outcome.how().matches(how), outcome::toString);
  }

  @Test
  void shouldChooseTheTestsThatLaunchAKernelShortestFirst(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tests.tsv");
    tests.write(file);
    for (KernelTests chosen : List.of(tests, KernelTests.read(file))) {
      assertTrue(chosen.of("begin_step").size() > chosen.of("apply").size());
      assertTrue(chosen.of("accumulate").isEmpty());
      List<KernelTest> ofApply = chosen.of("apply");
      assertEquals(
          Set.of(
              "BackendParityTest.shouldAgreeForAnyGrid(StepPath, int)[1]",
              "BackendParityTest.shouldAgreeForAnyGrid(StepPath, int)[2]"),
          ofApply.stream().map(KernelTest::name).collect(Collectors.toSet()));
      assertTrue(ofApply.get(0).nanos() <= ofApply.get(1).nanos());
    }
  }

  /** Not discovered by itself, because it is a static nested class. */
  static class Failing {
    @Tag("kernels")
    @Test
    void shouldFail() {
      fail("on purpose");
    }
  }

  @Test
  void shouldRefuseTestsThatFailOnTheOriginalKernels() {
    IllegalStateException refusal =
        assertThrows(
            IllegalStateException.class, () -> KernelTests.measure(selectClass(Failing.class)));
    assertTrue(refusal.getMessage().contains("Failing.shouldFail"), refusal::toString);
  }

  @Test
  void shouldFindNothingInTheOriginalKernels() {
    Mutant none = new Mutant(0, "apply", Kind.DROP, 0, lines.get(0), lines.get(0));
    assertEquals(Outcome.Fate.SURVIVED, new Trial(lines, tests).of(none, test -> {}).fate());
  }

  @Test
  void shouldSkipInvalidPtx() {
    Mutant broken = new Mutant(0, "apply", Kind.DROP, 40, lines.get(40), "\tnonsense;");
    assertEquals(Outcome.Fate.INVALID, new Trial(lines, tests).of(broken, test -> {}).fate());
  }

  @Test
  void shouldContinueAnInterruptedRun(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("progress.tsv");
    List<Mutant> sample = mutants.subList(0, 3);
    Outcome killed = new Outcome(0, Outcome.Fate.KILLED, "a test", "a race", 5);
    Outcome survived = new Outcome(1, Outcome.Fate.SURVIVED, "", "", 7);
    Progress first = new Progress(file, "run", false);
    first.add(killed);
    first.add(survived);
    List<Outcome> read = outcomes(new Progress(file, "run", false), sample);
    assertEquals(Arrays.asList(killed, survived, null), read);
    assertEquals(
        Arrays.asList(killed, null, null), outcomes(new Progress(file, "run", true), sample));
    assertEquals(
        Arrays.asList(null, null, null), outcomes(new Progress(file, "other", false), sample));
  }

  private static List<Outcome> outcomes(Progress progress, List<Mutant> sample) {
    List<Outcome> outcomes = new ArrayList<>();
    sample.forEach(mutant -> outcomes.add(progress.of(mutant)));
    return outcomes;
  }
}
