package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A state is loaded or refused, whatever its metadata, and a refusal touches nothing. */
@Tag("slow")
class StateFuzzTest {

  private static final int ROUNDS = 1_500;

  private static final List<String> TOKENS =
      List.of(
          "0",
          "1",
          "2",
          "-",
          ".",
          "e9",
          "NaN",
          "none",
          "lamb4j state",
          "group.0.",
          "group.1.",
          "parameter.0",
          "name",
          "steps",
          "step",
          "version",
          "SKIP",
          "LANS",
          "NEVER",
          "true",
          "99999999999999999999",
          "9223372036854775807",
          "\\ud800",
          "\\u0000",
          "F16",
          "F64",
          "(",
          "no_decay",
          "exp_avg/w",
          "[",
          "Infinity",
          "");

  @TempDir Path directory;

  private final Random random = new Random(20_261_125);

  private static Lamb build(Hyperparameters hyperparameters) {
    return Lamb.onCpu()
        .maxGradNorm(1)
        .group("model", hyperparameters, Parameter.onHost("w", new float[3], new float[3]))
        .group(
            "model, no decay",
            hyperparameters.withWeightDecay(0),
            Parameter.onHost("h", HostArray.bf16(new short[2]), HostArray.f32(new float[2])))
        .build();
  }

  /** What lamb step wrote before it shared the format. */
  private static String old(String current) {
    int end = current.indexOf("},\"exp_avg");
    String metadata =
        "{\"__metadata__\":{\"beta1\":\"0.9\",\"beta2\":\"0.999\",\"bias_correction\":\"moments\","
            + "\"decoupled_decay\":\"false\",\"epsilon\":\"1.0E-6\",\"grad_scale\":\"1.0\","
            + "\"gradient_averaging\":\"true\",\"layer_adaptation\":\"always\","
            + "\"learning_rate\":\"0.1\",\"max_grad_norm\":\"1.0\",\"no_adapt\":\"\",\"no_decay\":\"h\","
            + "\"preset\":\"paper\",\"skip_nonfinite\":\"false\",\"skipped_steps\":\"0\",\"step\":\"1\","
            + "\"trust_max\":\"Infinity\",\"trust_min\":\"0.0\",\"update_rule\":\"lamb\","
            + "\"weight_decay\":\"0.01\",\"weight_norm_max\":\"Infinity\",\"weight_norm_min\":\"0.0\"";
    return metadata + current.substring(end);
  }

  @Test
  @Timeout(120)
  void shouldLoadOrRefuseWhateverTheMetadata() throws IOException {
    Path file = directory.resolve("state.safetensors");
    int loaded = 0;
    try (Lamb lamb = build(Hyperparameters.lamb(0.1))) {
      lamb.step();
      lamb.save(file);
      byte[] bytes = Files.readAllBytes(file);
      int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      String header = new String(bytes, 8, length, StandardCharsets.UTF_8).strip();
      byte[] data = Arrays.copyOfRange(bytes, 8 + length, bytes.length);
      for (int round = 0; round < ROUNDS; round++) {
        write(file, mutated(round % 2 == 0 ? header : old(header)), data);
        String before = StateModel.bits(lamb);
        try {
          lamb.load(file);
          loaded++;
        } catch (SafetensorsException | IllegalArgumentException refusal) {
          String message = refusal.getMessage();
          assertTrue(message.startsWith(file.toString()), message);
          assertTrue(message.chars().noneMatch(Character::isISOControl), message);
          assertTrue(before.equals(StateModel.bits(lamb)), message);
        }
      }
    }
    assertTrue(loaded > 10 && loaded < ROUNDS / 2, "loaded " + loaded);
  }

  private static void write(Path file, String header, byte[] data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, bytes.putLong(text.length).put(text).put(data).array());
  }

  private String mutated(String header) {
    String text = header;
    for (int i = random.nextInt(2); i >= 0; i--) {
      String token = TOKENS.get(random.nextInt(TOKENS.size()));
      int from = 1 + random.nextInt(text.length() - 2);
      int length = random.nextBoolean() ? token.length() : random.nextInt(6);
      int to = Math.min(text.length() - 1, from + length);
      text = text.substring(0, from) + token + text.substring(to);
    }
    return text;
  }
}
