package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.internal.cuda.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** {@code lamb step} writes the same bytes on CUDA as on the CPU. */
@Tag("gpu")
class StepBackendsTest {

  @TempDir Path folder;

  /** The command, whose CUDA backend is the test's device. */
  private static CommandLine command(TestDevice device) {
    StepCommand step = new StepCommand(backend -> LambBuilders.staged(device.driver()));
    return Main.commandLine(
        new IFactory() {
          @Override
          public <K> K create(Class<K> type) throws Exception {
            return type == StepCommand.class
                ? type.cast(step)
                : CommandLine.defaultFactory().create(type);
          }
        });
  }

  private Object[] arguments(Path params, Path state, Path out, String rates, String options) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params, "--out", out));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    for (int i = 0; i < rates.split(",").length; i++) {
      arguments.addAll(List.of("--grads", folder.resolve("g" + i)));
    }
    arguments.addAll(List.of("--lr", rates, "--no-decay=bias", "--no-adapt=^exp"));
    arguments.addAll(List.of(options.split(" ")));
    return arguments.toArray();
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--grad-scale=0.3 --max-grad-norm=1.5",
        "--skip-nonfinite --grad-scale=16 --bias-correction=lr",
        "--skip-nonfinite --lans --decoupled-decay",
        "--skip-nonfinite --preset=keras --weight-decay=0.1 --no-grad-averaging",
        "--skip-nonfinite --preset=apex --max-grad-norm=0.1"
      })
  void shouldGiveTheSameBytesOnBothBackends(String options) throws IOException {
    Path params = StepModel.mixedParams(9).write(folder.resolve("p"));
    boolean skips = options.startsWith("--skip");
    for (int i = 0; i < 3; i++) {
      Checkpoint grads = skips && i == 1 ? StepModel.badGrads(i, Float.NaN) : StepModel.grads(i);
      grads.write(folder.resolve("g" + i));
    }
    Path cpu = folder.resolve("cpu");
    CommandRun expected =
        CommandRun.done(arguments(params, null, cpu, "0.1,0.02,0.3", options + " --backend=cpu"));
    Path cuda = folder.resolve("cuda");
    try (TestDevice device = TestDevice.open()) {
      CommandRun actual =
          CommandRun.done(command(device), arguments(params, null, cuda, "0.1,0.02,0.3", options));
      assertEquals(expected.out().replace(cpu.toString(), cuda.toString()), actual.out());
    }
    assertSame(cpu, cuda);
    resume(cpu, cuda, options);
  }

  /** Goes on with the CPU's results on CUDA, and the other way round. */
  private void resume(Path cpu, Path cuda, String options) throws IOException {
    Object[] onCpu =
        arguments(params(cuda), state(cuda), cuda, "0.4,0.5", options + " --backend=cpu");
    Object[] onCuda = arguments(params(cpu), state(cpu), cpu, "0.4,0.5", options);
    try (TestDevice device = TestDevice.open()) {
      CommandRun.done(command(device), onCuda);
    }
    CommandRun.done(onCpu);
    assertSame(cpu, cuda);
  }

  private static Path params(Path out) {
    return out.resolve("params.safetensors");
  }

  private static Path state(Path out) {
    return out.resolve("state.safetensors");
  }

  private static void assertSame(Path expected, Path actual) throws IOException {
    for (String name : List.of("params.safetensors", "state.safetensors", "trust.json")) {
      assertArrayEquals(
          Files.readAllBytes(expected.resolve(name)),
          Files.readAllBytes(actual.resolve(name)),
          name);
    }
  }
}
