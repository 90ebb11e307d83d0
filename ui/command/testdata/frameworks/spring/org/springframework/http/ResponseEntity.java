package org.springframework.http;

public class ResponseEntity<T> {
    public final int status;
    public final T body;

    private ResponseEntity(int status, T body) {
        this.status = status;
        this.body = body;
    }

    public static <T> ResponseEntity<T> ok(T body) {
        return new ResponseEntity<>(200, body);
    }

    public static BodyBuilder status(int status) {
        return new BodyBuilder(status);
    }

    public record BodyBuilder(int status) {
        public <T> ResponseEntity<T> body(T body) {
            return new ResponseEntity<>(status, body);
        }
    }
}
