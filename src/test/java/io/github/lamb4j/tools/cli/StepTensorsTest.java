package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors that {@code lamb step} does not train, and expressions that select tensors. */
class StepTensorsTest {

  private static final Path BUFFERS = resource("01-checkpoint-with-buffers");
  private static final Path FROZEN = resource("02-frozen-layer");
  private static final Path REGEX = resource("03-regex-matches-nothing");

  @TempDir Path folder;
  private Path out;

  @BeforeEach
  void nameOut() {
    out = folder.resolve("out");
  }

  private static Path resource(String name) {
    return Path.of("src/test/resources/cases", name);
  }

  private Object[] arguments(Path params, Path grads, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params));
    arguments.addAll(List.of("--grads", grads, "--lr=0.01", "--out", out));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  private void assertRefused(Path params, Path grads, String message, Object... more)
      throws IOException {
    CommandRun.refused(folder, message, arguments(params, grads, more));
  }

  private static byte[] bytes(Path path, String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorInfo info = file.tensor(name).orElseThrow();
      ByteBuffer bytes = ByteBuffer.allocate((int) (info.end() - info.begin()));
      file.readBytes(info, 0, bytes);
      return bytes.array();
    }
  }

  private Path params() {
    return out.resolve("params.safetensors");
  }

  private Path state() {
    return out.resolve("state.safetensors");
  }

  @Test
  void shouldCarryOverIntegersByteForByte() throws IOException {
    Path params = BUFFERS.resolve("params.safetensors");
    CommandRun run = CommandRun.done(arguments(params, BUFFERS.resolve("grads.safetensors")));
    assertTrue(
        run.out()
            .contains(
                "1 tensor(s) carried over unchanged, not floats: \"embeddings.position_ids\" (I64)"),
        run.out());
    String name = "embeddings.position_ids";
    assertArrayEquals(bytes(params, name), bytes(params(), name));
    try (SafetensorsFile file = SafetensorsFile.open(params())) {
      assertEquals(Dtype.I64, file.tensor(name).orElseThrow().dtype());
      assertEquals(List.of(1L, 8L), file.tensor(name).orElseThrow().shape());
    }
    assertEquals(2, Checkpoint.values(state()).size());
    Object[] again = arguments(params(), BUFFERS.resolve("grads.safetensors"), "--state", state());
    CommandRun.done(again);
    assertArrayEquals(bytes(params, name), bytes(params(), name));
  }

  @ParameterizedTest
  @EnumSource
  void shouldCarryOverOrFreezeEveryType(Dtype dtype) throws IOException {
    byte[] data = new byte[dtype.bits()];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 37 + 1);
    }
    Path params =
        new Checkpoint()
            .raw("x", dtype.name(), shape(8), data)
            .f32("w", 1)
            .write(folder.resolve("p"));
    Path grads = new Checkpoint().f32("w", 1).write(folder.resolve("g"));
    if (dtype.isFloat()) {
      assertRefused(params, grads, dtype == Dtype.F32 ? "\"x\" is missing" : "tensor \"x\" is");
    }
    Object[] frozen = dtype.isFloat() ? new Object[] {"--frozen=x"} : new Object[0];
    CommandRun.done(arguments(params, grads, frozen));
    assertArrayEquals(data, bytes(params(), "x"));
  }

  @Test
  void shouldRefuseAGradientOfAnInteger() throws IOException {
    assertRefused(
        BUFFERS.resolve("params.safetensors"),
        BUFFERS.resolve("grads-as-told.safetensors"),
        "\"embeddings.position_ids\" is I64 in the model and cannot be trained; remove it");
  }

  @Test
  void shouldNameBothOptionsWhereAGradientIsMissing() throws IOException {
    assertRefused(
        FROZEN.resolve("params.safetensors"),
        FROZEN.resolve("grads.safetensors"),
        "tensor \"backbone.weight\" is missing; pass its gradient, or freeze the tensor with --frozen"
            + " REGEX, or every tensor without a gradient by --freeze-missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--frozen=^backbone", "--freeze-missing"})
  void shouldLeaveAFrozenLayerAsItIsBitForBit(String option) throws IOException {
    Path params = FROZEN.resolve("params.safetensors");
    Path grads = FROZEN.resolve("grads.safetensors");
    String clip = "--max-grad-norm=0.1";
    CommandRun run =
        CommandRun.done(arguments(params, grads, option, clip, "--grads", grads, "--grads", grads));
    assertTrue(run.out().contains("1 tensor(s) frozen: \"backbone.weight\""), run.out());
    assertArrayEquals(bytes(params, "backbone.weight"), bytes(params(), "backbone.weight"));
    assertEquals(2, Checkpoint.values(state()).size());
    byte[] head = bytes(params(), "head.weight");
    // The head is trained as if it were the whole model.
    Path alone =
        new Checkpoint()
            .f32("head.weight", shape(2, 6), Checkpoint.values(params).get("head.weight"))
            .write(folder.resolve("alone"));
    CommandRun.done(arguments(alone, grads, clip, "--grads", grads, "--grads", grads));
    assertArrayEquals(head, bytes(params(), "head.weight"));
  }

  @Test
  void shouldKeepATensorFrozenThatTheStateDoesNotHave() throws IOException {
    Path params = FROZEN.resolve("params.safetensors");
    Path grads = FROZEN.resolve("grads.safetensors");
    CommandRun.done(arguments(params, grads, "--freeze-missing"));
    CommandRun run = CommandRun.done(arguments(params(), grads, "--state", state()));
    assertTrue(run.out().contains("1 tensor(s) frozen: \"backbone.weight\""), run.out());
    assertArrayEquals(bytes(params, "backbone.weight"), bytes(params(), "backbone.weight"));
    assertRefused(
        params(),
        FROZEN.resolve("grads-zero.safetensors"),
        "\"backbone.weight\" is not in the state, which was written with it frozen",
        "--state",
        state());
    assertRefused(
        params(),
        grads,
        "\"head.weight\" would be frozen by --frozen \"head\", but the state has moments for it",
        "--state",
        state(),
        "--frozen=head");
  }

  @Test
  void shouldRefuseAFrozenTensorThatHasAGradient() throws IOException {
    assertRefused(
        FROZEN.resolve("params.safetensors"),
        FROZEN.resolve("grads-zero.safetensors"),
        "\"backbone.weight\" is frozen by --frozen \"backbone\" but has a gradient; remove one",
        "--frozen=backbone");
  }

  @Test
  void shouldRefuseATensorThatHasAGradientInOneFileOnly() throws IOException {
    assertRefused(
        FROZEN.resolve("params.safetensors"),
        FROZEN.resolve("grads.safetensors"),
        "\"backbone.weight\" is missing; pass its gradient",
        "--freeze-missing",
        "--grads",
        FROZEN.resolve("grads-zero.safetensors"));
  }

  @Test
  void shouldRefuseToTrainNothing() throws IOException {
    Path grads = new Checkpoint().write(folder.resolve("g"));
    assertRefused(
        FROZEN.resolve("params.safetensors"), grads, "leave one to train", "--freeze-missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--no-decay=LayerNorm,bias;--no-decay \"LayerNorm,bias\": matches none of 4 tensors",
        "--no-decay=bias --no-decay=LayerNrom;--no-decay \"LayerNrom\": matches none of 4 tensors",
        "--no-decay=;--no-decay \"\": matches the empty string; correct it",
        "--no-decay=bias|LayerNorm|;--no-decay \"bias|LayerNorm|\": matches",
        "--no-adapt=.*;--no-adapt \".*\": matches the empty string; correct it",
        "--no-adapt=norms;--no-adapt \"norms\": matches none of 4 tensors, the first of which is",
        "--frozen=;--frozen \"\": matches the empty string",
        "--frozen=encoder;--frozen \"encoder\": matches none of 4 tensors",
      })
  void shouldRefuseExpressionsThatMatchNothingOrEverything(String options, String message)
      throws IOException {
    Object[] more = options.split(" ");
    assertRefused(
        REGEX.resolve("params.safetensors"),
        REGEX.resolve("grads-zero.safetensors"),
        message,
        more);
  }

  @Test
  void shouldSayOfEachTensorWhetherItIsDecayedAndAdapted() throws IOException {
    CommandRun.done(
        arguments(
            REGEX.resolve("params.safetensors"),
            REGEX.resolve("grads-zero.safetensors"),
            "--no-decay=bias|LayerNorm",
            "--no-adapt=LayerNorm"));
    Map<String, Map<String, Object>> step = TrustJson.read(out.resolve("trust.json")).get("1");
    Map<String, List<Boolean>> expected =
        Map.of(
            "dense.weight", List.of(true, true),
            "dense.bias", List.of(false, true),
            "LayerNorm.weight", List.of(false, false),
            "lm_head.layer_norm.weight", List.of(true, true));
    expected.forEach(
        (name, flags) -> {
          assertEquals(flags.get(0), step.get(name).get("decayed"), name);
          assertEquals(flags.get(1), step.get(name).get("adapted"), name);
        });
  }

  @Test
  void shouldPrintThePlanAndWriteNothing() throws IOException {
    Checkpoint model =
        new Checkpoint()
            .f32("dense.weight", shape(2, 1), 1, 2)
            .f32("bias", 1)
            .half("old", "BF16", shape(1), (short) 1)
            .raw("ids", "I64", shape(1), new byte[8]);
    model.write(folder.resolve("p"));
    Path grads =
        new Checkpoint()
            .f32("dense.weight", shape(2, 1), 1, 2)
            .f32("bias", 1)
            .write(folder.resolve("g"));
    Map<String, String> before = CommandRun.contents(folder);
    CommandRun run =
        CommandRun.done(
            arguments(
                folder.resolve("p"),
                grads,
                "--dry-run",
                "--frozen=old",
                "--no-decay=bias",
                "--no-adapt=bias"));
    assertEquals(
        List.of(
            "tensor          shape   dtype  decay  adapted  frozen",
            "\"dense.weight\"  [2, 1]  F32    0.01   yes      no",
            "\"bias\"          [1]     F32    0.0    no       no",
            "\"old\"           [1]     BF16   -      -        yes",
            "\"ids\"           [1]     I64    -      -        carried over"),
        run.out().lines().toList());
    assertEquals(before, CommandRun.contents(folder));
    assertTrue(Files.notExists(out));
  }
}
