package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.SaveOption;
import io.github.lamb4j.model.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A program's state with checksums of the weights that belong to it. */
class StepChecksumTest {

  @TempDir Path folder;
  private final float[] weights = {3, 4};
  private final float[] bias = {2};
  private Path state;

  @BeforeEach
  void saveAState() throws IOException {
    state = folder.resolve("state");
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "all",
                Hyperparameters.lamb(0.1),
                Parameter.onHost("weight", weights, new float[] {1, 2}),
                Parameter.onHost("bias", bias, new float[] {1}))
            .build()) {
      lamb.step();
      lamb.save(state, SaveOption.WEIGHT_CHECKSUM);
    }
  }

  private Object[] arguments(Object... more) throws IOException {
    Path model = new Checkpoint().f32("weight", weights).f32("bias", bias).write(path("model"));
    Path grads = new Checkpoint().f32("weight", 5, 6).f32("bias", 7).write(path("grads"));
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", model, "--lr=0.1"));
    arguments.addAll(List.of("--grads", grads, "--state", state, "--out", path("out")));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  private Path path(String name) {
    return folder.resolve(name);
  }

  @Test
  void shouldAcceptItsWeights() throws IOException {
    CommandRun.done(arguments());
  }

  @Test
  void shouldNameTheOptionThatAcceptsOtherWeights() throws IOException {
    bias[0] = 9;
    CommandRun.refused(
        folder,
        "here; restore the weights before loading, or use --override-state"
            + System.lineSeparator(),
        arguments());
  }

  /** The second divides the group. */
  @ParameterizedTest
  @ValueSource(strings = {"--beta1=0.8", "--no-decay=bias"})
  void shouldAcceptOtherWeightsIfToldTo(String option) throws IOException {
    bias[0] = 9;
    CommandRun.done(arguments(option, "--override-state"));
    Path written = path("out").resolve("state.safetensors");
    assertEquals("2", Checkpoint.metadata(written).get("step"));
  }
}
