// scripts/load-tests/api-load-test.js
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

export let errorRate = new Rate('errors');

export let options = {
  stages: [
    { duration: '2m', target: 100 },   // Ramp up to 100 users
    { duration: '5m', target: 100 },   // Stay at 100 users
    { duration: '2m', target: 200 },   // Ramp up to 200 users  
    { duration: '5m', target: 200 },   // Stay at 200 users
    { duration: '2m', target: 0 },     // Scale down
  ],
  thresholds: {
    http_req_duration: ['p(95)<500'], // 95% of requests under 500ms
    http_req_failed: ['rate<0.1'],    // Error rate under 10%
    errors: ['rate<0.1'],             // Custom error rate under 10%
  },
};

export default function() {
  // Game creation flow
  let createGameResponse = http.post(`${__ENV.BASE_URL}/api/games`, {
    max_players: 4,
    min_bet: 10,
    max_bet: 1000,
  });
  
  check(createGameResponse, {
    'game created successfully': (r) => r.status === 201,
    'game ID present': (r) => JSON.parse(r.body).game_id !== undefined,
  }) || errorRate.add(1);
  
  if (createGameResponse.status === 201) {
    let gameId = JSON.parse(createGameResponse.body).game_id;
    
    // Join game
    let joinResponse = http.post(`${__ENV.BASE_URL}/api/games/${gameId}/join`);
    check(joinResponse, {
      'joined game successfully': (r) => r.status === 200,
    }) || errorRate.add(1);
    
    // Place bet
    let betResponse = http.post(`${__ENV.BASE_URL}/api/games/${gameId}/bets`, {
      bet_type: 'pass_line',
      amount: 50,
    });
    check(betResponse, {
      'bet placed successfully': (r) => r.status === 201,
    }) || errorRate.add(1);
  }
  
  sleep(1);
}
