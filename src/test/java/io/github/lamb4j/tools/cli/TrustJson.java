package io.github.lamb4j.tools.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads trust.json as strictly as JSON allows. */
final class TrustJson {

  private TrustJson() {}

  /** Every tensor's numbers, by step and name; a string where JSON has no number. */
  static Map<String, Map<String, Map<String, Object>>> read(Path path) throws IOException {
    JsonFactory strict =
        JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    Map<String, Map<String, Map<String, Object>>> steps = new LinkedHashMap<>();
    try (JsonParser json = strict.createParser(path.toFile())) {
      require(json, JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        steps.put(json.currentName(), readStep(json));
      }
      if (json.nextToken() != null) {
        throw new IOException("more than one value");
      }
    }
    return steps;
  }

  private static Map<String, Map<String, Object>> readStep(JsonParser json) throws IOException {
    Map<String, Map<String, Object>> tensors = new LinkedHashMap<>();
    require(json, JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      Map<String, Object> numbers = new LinkedHashMap<>();
      require(json, JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String what = json.currentName();
        numbers.put(
            what,
            switch (json.nextToken()) {
              case VALUE_STRING -> json.getText();
              case VALUE_TRUE, VALUE_FALSE -> json.getBooleanValue();
              default -> json.getDoubleValue();
            });
      }
      tensors.put(name, numbers);
    }
    return tensors;
  }

  private static void require(JsonParser json, JsonToken token) throws IOException {
    if (json.nextToken() != token) {
      throw new IOException("not " + token + " but " + json.currentToken());
    }
  }
}
