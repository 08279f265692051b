// Walls of the arena as a ray meets them: a circle or a rectangle, from z = 0 up.
uniform bool round_arena;
uniform vec2 half_size;
uniform float wall_height;

// Where a ray enters and leaves the arena seen from above; x > y when it misses it.
vec2 cross_arena(vec3 from, vec3 d) {
    if (round_arena) {
        float a = max(dot(d.xy, d.xy), 1e-9), b = dot(from.xy, d.xy);
        float c = dot(from.xy, from.xy) - half_size.x * half_size.x, inside = b * b - a * c;
        if (inside < 0.0) return vec2(1.0, -1.0);
        return (vec2(-1.0, 1.0) * sqrt(inside) - b) / a;
    }
    vec2 step_ = vec2(abs(d.x) < 1e-7 ? 1e-7 : d.x, abs(d.y) < 1e-7 ? 1e-7 : d.y);
    vec2 one = (-half_size - from.xy) / step_, two = (half_size - from.xy) / step_;
    vec2 near = min(one, two), far = max(one, two);
    return vec2(max(near.x, near.y), min(far.x, far.y));
}

vec3 find_wall_normal(vec3 place) {  // outward
    if (round_arena) return vec3(place.xy / half_size.x, 0.0);
    vec2 beyond = abs(place.xy) - half_size;
    return beyond.x > beyond.y ? vec3(sign(place.x), 0.0, 0.0) : vec3(0.0, sign(place.y), 0.0);
}

float measure_inside(vec2 place) {  // distance to the wall, cm; negative outside
    if (round_arena) return half_size.x - length(place);
    vec2 gap = half_size - abs(place);
    return min(gap.x, gap.y);
}
