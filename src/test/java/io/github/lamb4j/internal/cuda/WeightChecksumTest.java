package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.SaveOption;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checksums of weights that the program must restore before it loads a state. */
@Tag("gpu")
class WeightChecksumTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("state.safetensors");
  }

  /** All forms; the first three and the fifth to eighth have float32 weights. */
  private static MixedModel model(Side side) {
    return new MixedModel(side, 6)
        .group("first", Hyperparameters.lamb(0.1), 2049, 5, 0, 33, 9)
        .group("second", Hyperparameters.lans(0.1), 7, 1);
  }

  private static String crc(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return "%08x".formatted(sum.getValue());
  }

  private Map<String, String> checksums() throws IOException {
    try (SafetensorsFile state = SafetensorsFile.open(file)) {
      Map<String, String> sums = new TreeMap<>(state.metadata());
      sums.keySet().removeIf(key -> !key.contains("crc32c"));
      return sums;
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldSaveThemForFloat32Weights(Side.Where where) throws IOException {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      model.nextGradients(1);
      try (Lamb lamb = model.builder().build()) {
        lamb.step();
        lamb.save(file);
        assertEquals(Map.of(), checksums());
        lamb.save(file, SaveOption.WEIGHT_CHECKSUM);
        Map<String, String> expected = new TreeMap<>();
        for (Tensor t : model.tensors) {
          if (!t.parameter().hasMaster()) {
            String[] name = t.name().split("\\.");
            expected.put(
                "group.%d.weights_crc32c.%s".formatted(name[0].equals("first") ? 0 : 1, name[1]),
                crc(t.weights().values()));
          }
        }
        assertEquals(5, expected.size());
        assertEquals(expected, checksums());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseOtherWeightsByName(Side.Where where) throws IOException {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      model.nextGradients(1);
      try (Lamb lamb = model.builder().build()) {
        lamb.step();
        lamb.save(file, SaveOption.WEIGHT_CHECKSUM);
        lamb.load(file); // the same weights
        Tensor changed = model.tensors.get(1);
        float[] weights = changed.weights().values();
        weights[4] = Math.nextUp(weights[4]);
        changed.weights().put(weights);
        String before = model.bits(lamb);
        assertRefused(
            () -> lamb.load(file),
            "the weights of parameter \"first.1\" are not those of the saved step",
            "and is " + crc(weights) + " here",
            "restore the weights before loading",
            "LoadOption.OTHER_WEIGHTS");
        assertEquals(before, model.bits(lamb));
        lamb.load(file, LoadOption.OTHER_WEIGHTS);
        assertEquals(1, lamb.stepCount());
        weights[4] = Math.nextDown(weights[4]);
        changed.weights().put(weights);
        lamb.load(file);
        assertEquals(1, lamb.stepCount());
      }
    }
  }

  @Test
  void shouldRefuseNullOptions() {
    try (Lamb lamb = model(Side.cpu()).builder().build()) {
      assertRefused(() -> lamb.save(file, (SaveOption[]) null), "options: null");
      assertRefused(() -> lamb.save(file, (SaveOption) null), "an option: null");
      assertRefused(() -> lamb.load(file, (LoadOption) null), "an accepted difference: null");
    }
  }
}
