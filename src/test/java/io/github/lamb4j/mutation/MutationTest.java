package io.github.lamb4j.mutation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.cuda.KernelSuite;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The machinery behind scripts/mutate-kernels, with a few mutants that the suite must find. */
class MutationTest {

  private static List<String> lines;
  private static List<Mutant> mutants;

  @BeforeAll
  static void readKernels() throws IOException {
    lines = Files.readAllLines(Path.of("kernels/lamb.ptx"));
    mutants = Mutants.of(lines, 1);
  }

  @Test
  void shouldTakeEveryInstructionApartAndPutItTogetherAgain() {
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
  void shouldChangeOneLineOfEveryKernelInEveryWay() {
    for (Mutant mutant : mutants) {
      assertFalse(words(mutant.before()).equals(words(mutant.after())), mutant::toString);
      assertEquals(lines.get(mutant.line()), mutant.before());
    }
    assertEquals(
        EnumSet.complementOf(EnumSet.of(Kind.TRAP)),
        mutants.stream().map(Mutant::kind).collect(Collectors.toSet()));
    assertEquals(
        lines.stream().filter(line -> line.startsWith(".visible .entry")).count(),
        mutants.stream().map(Mutant::kernel).distinct().count());
  }

  @Test
  void shouldSetATrapInEveryBlock() {
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
  void shouldDrawTheSameSampleAgain() {
    assertEquals(mutants, Mutants.of(lines, 1));
    List<Mutant> sample = Mutants.sample(mutants, 400, 3);
    assertEquals(sample, Mutants.sample(mutants, 400, 3));
    assertTrue(Math.abs(sample.size() - 400) < 8, "" + sample.size());
  }

  @ParameterizedTest
  @CsvSource({
    "moments, DROP, bar.sync, race|that nothing wrote",
    "gradient_scale, DROP, bar.sync, race|that nothing wrote",
    "apply, COMPARISON, setp.ge.u32, .*",
    "gradient_norm_tiles, OFFSET, st.global, .*",
    "begin_step, OPCODE, rcp.rn, other results",
    "gradient_scale, GUARD, bra, .*",
    "single_pass, ORDER, atom.acq_rel, race",
    "single_pass, SCOPE, st.relaxed, race|deadlock",
    "single_pass, DROP, st.relaxed, deadlock"
  })
  void shouldFind(String kernel, Kind kind, String before, String how) {
    Mutant mutant =
        mutants.stream()
            .filter(m -> m.kernel().equals(kernel) && m.kind() == kind)
            .filter(m -> m.before().matches(".*" + before + ".*"))
            .findFirst()
            .orElseThrow();
    Outcome outcome = new Trial(lines, KernelSuite.scenarios()).of(mutant, scenario -> {});
    assertEquals(Outcome.Fate.KILLED, outcome.fate(), mutant::toString);
    assertTrue(outcome.how().matches(how), outcome::toString);
  }

  @Test
  void shouldFindNothingInTheKernelsAsTheyAre() {
    Mutant none = new Mutant(0, "apply", Kind.DROP, 0, lines.get(0), lines.get(0));
    Trial trial = new Trial(lines, KernelSuite.scenarios().subList(0, 3));
    assertEquals(Outcome.Fate.SURVIVED, trial.of(none, scenario -> {}).fate());
  }

  @Test
  void shouldPassOverWhatIsNoPtx() {
    Mutant broken = new Mutant(0, "apply", Kind.DROP, 40, lines.get(40), "\tnonsense;");
    Trial trial = new Trial(lines, KernelSuite.scenarios());
    assertEquals(Outcome.Fate.INVALID, trial.of(broken, scenario -> {}).fate());
  }

  @Test
  void shouldGoOnWhereARunWasBrokenOff(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("progress.tsv");
    List<Mutant> sample = mutants.subList(0, 3);
    Outcome killed = new Outcome(0, Outcome.Fate.KILLED, "a scenario", "a race", 5);
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
