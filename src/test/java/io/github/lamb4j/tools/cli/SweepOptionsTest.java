package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.tools.sweep.SweepJson;
import io.github.lamb4j.tools.sweep.SweepResult;
import io.github.lamb4j.tools.sweep.TinySweep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lamb train --sweep}, except for the minutes of training. */
class SweepOptionsTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--sweep medium | 'medium' is not a sweep; use small or full",
        "--sweep small --epochs 3 | --epochs: not with --sweep, which decides this itself; leave it out",
        "--sweep small --seed=1 | --seed: not with --sweep",
        "--sweep full --optimizer lamb | --optimizer: not with --sweep",
        "--sweep full --max-examples 2000 | --max-examples: not with --sweep",
        "--sweep-state x | --sweep-state: only for a sweep; add --sweep small or --sweep full",
        "--sweep small --threads 0 | --threads 0: must be from 1 to 256",
        "--sweep small --json no/x.json | --json no/x.json: the folder does not exist; create it first",
        "--sweep small --sweep-state no/x | --sweep-state, no/x: its folder does not exist; create it",
        "--sweep small --json x --sweep-state ./x | --sweep-state ./x: also the --json file; name another",
        "--sweep small --json x --report ./x | --report and --json: the same file; name two",
        "--sweep small --sweep-state x --report ./x | --report ./x: keeps the finished runs; name another file",
        "--sweep small --json x --report x.state | --report x.state: keeps the finished runs; name another file",
      })
  void shouldRefuseBeforeItTrains(String arguments, String message) throws IOException {
    CommandRun.refused(folder, message, (Object[]) ("train --backend cpu " + arguments).split(" "));
  }

  @Command
  private static final class Holder {
    @Mixin private SweepOptions sweep;
  }

  @Test
  void shouldRefuseToRunInSeveralProcesses() {
    Holder holder = new Holder();
    new CommandLine(holder).parseArgs("--sweep=small");
    BadInput refusal = assertThrows(BadInput.class, () -> holder.sweep.check(new Launch(0, 2)));
    assertEquals("--sweep: runs in one process; start it without mpirun", refusal.getMessage());
    holder.sweep.check(new Launch(0, 1));
  }

  @Test
  void shouldWriteTheResultOfFinishedRuns() throws IOException {
    Path json = folder.resolve("x.json");
    TinySweep.finishSmall(folder.resolve("x.json.state"));
    CommandRun run =
        CommandRun.done("train", "--backend=cpu", "--sweep=SMALL", "--threads=2", "--json=" + json);
    SweepResult result = SweepJson.read(json);
    assertEquals("small", result.preset());
    assertEquals(3 * 3 * 14 * 3, result.grid().size());
    assertEquals(3 * 3 * 3, result.transfer().size());
    String table = run.out();
    assertTrue(table.startsWith("CPU: requested"), table);
    assertTrue(table.contains("Rates tuned at batch 256"), table);
    assertTrue(table.contains("LAMB         1024    0.0160  0.2500 (0.2500-0.2500)"), table);
    assertTrue(table.contains("Rates within one point of the best accuracy"), table);

    // The same from a state that is named, without --json.
    Path state = Files.move(folder.resolve("x.json.state"), folder.resolve("y"));
    String before = Files.readString(state);
    assertEquals(
        table,
        CommandRun.done("train", "--backend=cpu", "--sweep=small", "--sweep-state=" + state).out());
    assertEquals(before, Files.readString(state));
  }

  @Test
  void shouldRefuseAStateOfAnotherSweep() throws IOException {
    Path state = folder.resolve("x.state");
    TinySweep.finishSmall(state);
    CommandRun.refused(
        folder,
        "the file of --sweep-state, " + state + ": made with other settings",
        "train",
        "--backend=cpu",
        "--sweep=full",
        "--sweep-state=" + state);
  }
}
