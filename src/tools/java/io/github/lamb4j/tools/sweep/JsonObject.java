package io.github.lamb4j.tools.sweep;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON object in memory, whose fields are asked for by name and type. */
final class JsonObject {

  private final Map<String, Object> fields = new LinkedHashMap<>();

  /**
   * Parses a text.
   *
   * @throws IOException if it is not one JSON object
   */
  static JsonObject parse(String text) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(text)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      JsonObject object = object(json);
      if (json.nextToken() != null) {
        throw new IOException("more than one JSON object");
      }
      return object;
    }
  }

  private static JsonObject object(JsonParser json) throws IOException {
    JsonObject object = new JsonObject();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      object.fields.put(name, value(json));
    }
    return object;
  }

  private static Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> object(json);
      case START_ARRAY -> {
        List<Object> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          values.add(value(json));
        }
        yield values;
      }
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE, VALUE_FALSE -> json.getBooleanValue();
      case VALUE_STRING -> json.getText();
      default -> throw new IOException("unexpected " + json.currentToken());
    };
  }

  String text(String name) throws IOException {
    return get(name, String.class);
  }

  boolean flag(String name) throws IOException {
    return get(name, Boolean.class);
  }

  long whole(String name) throws IOException {
    return get(name, Long.class);
  }

  double number(String name) throws IOException {
    return number(name, get(name, Object.class));
  }

  List<Double> numbers(String name) throws IOException {
    List<Double> numbers = new ArrayList<>();
    for (Object value : get(name, List.class)) {
      numbers.add(number(name, value));
    }
    return numbers;
  }

  /** An array whose elements have the type. */
  <T> List<T> list(String name, Class<T> type) throws IOException {
    List<T> values = new ArrayList<>();
    for (Object value : get(name, List.class)) {
      values.add(cast(name, value, type));
    }
    return values;
  }

  private <T> T get(String name, Class<T> type) throws IOException {
    if (!fields.containsKey(name)) {
      throw new IOException("the field " + name + " is missing");
    }
    return cast(name, fields.get(name), type);
  }

  private static <T> T cast(String name, Object value, Class<T> type) throws IOException {
    if (!type.isInstance(value)) {
      throw new IOException("the field " + name + " has the wrong type");
    }
    return type.cast(value);
  }

  /** JSON has no infinities and NaN; Jackson writes them as strings. */
  private static double number(String name, Object value) throws IOException {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    try {
      return Double.parseDouble(cast(name, value, String.class));
    } catch (NumberFormatException e) {
      throw new IOException("the field " + name + " is not a number", e);
    }
  }
}
